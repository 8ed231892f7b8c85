// An inverted index: which word stands where in which document.
#ifndef INDEX_HPP
#define INDEX_HPP

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace wordindex {

struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Posting {
    std::uint32_t document;
    std::vector<std::uint32_t> positions;  // counted in words

    bool operator==(const Posting &other) const {
        return document == other.document && positions == other.positions;
    }
};

// Sorted by document.
class Postings {
public:
    void add(std::uint32_t document, std::uint32_t position);
    const std::vector<Posting> &list() const { return list_; }
    std::string pack() const;
    static Postings unpack(const std::string &bytes);

private:
    std::vector<Posting> list_;
};

// Documents in both, with the positions of the second that follow one of the first directly.
Postings following(const Postings &first, const Postings &second);

struct Document {
    std::string name;
    std::string text;
    std::uint32_t words = 0;
};

class Index {
public:
    void add(std::string name, std::string text);
    const Postings &find(const std::string &word) const;
    const std::vector<Document> &documents() const { return documents_; }
    const std::map<std::string, Postings> &words() const { return words_; }

private:
    friend Index load(const std::string &bytes);
    std::vector<Document> documents_;
    std::map<std::string, Postings> words_;
};

struct Hit {
    std::uint32_t document;
    double score;
};

// Words are all wanted, "two words" is a phrase, -word is not wanted.  Best first.
std::vector<Hit> search(const Index &index, const std::string &query);

// BM25 of one posting.
double rank(const Index &index, const Postings &postings, const Posting &posting);

// The line of the text around the first match, matches in brackets.
std::string snippet(const Document &document, const std::string &query);

std::string save(const Index &index);
Index load(const std::string &bytes);

}  // namespace wordindex
#endif
