#include <algorithm>
#include <map>
#include <set>

#include "index.hpp"
#include "words.h"

namespace wordindex {
namespace {

struct Term {
    std::vector<std::string> words;  // several for a phrase
    bool wanted = true;
};

std::vector<std::string> words_of(const std::string &text) {
    std::vector<std::string> result;
    std::size_t offset = 0;
    word word;
    while (tokenize_next(text.data(), text.size(), &offset, &word))
        if (!is_stopword(word.folded)) result.emplace_back(word.folded);
    return result;
}

std::vector<Term> parse(const std::string &query) {
    std::vector<Term> terms;
    for (std::size_t at = 0; at < query.size();) {
        if (query[at] == ' ') {
            at++;
            continue;
        }
        Term term;
        if (query[at] == '-') {
            term.wanted = false;
            at++;
        }
        const char stop = at < query.size() && query[at] == '"' ? '"' : ' ';
        if (stop == '"') at++;
        const std::size_t end = std::min(query.find(stop, at), query.size());
        term.words = words_of(query.substr(at, end - at));
        if (!term.words.empty()) terms.push_back(std::move(term));
        at = end + 1;
    }
    return terms;
}

Postings matches(const Index &index, const Term &term) {
    Postings result = index.find(term.words.front());
    for (std::size_t i = 1; i < term.words.size(); i++)
        result = following(result, index.find(term.words[i]));
    return result;
}

}  // namespace

std::vector<Hit> search(const Index &index, const std::string &query) {
    std::map<std::uint32_t, double> scores;
    std::map<std::uint32_t, std::size_t> found;
    std::set<std::uint32_t> unwanted;
    std::size_t wanted = 0;
    for (const Term &term : parse(query)) {
        const Postings postings = matches(index, term);
        wanted += term.wanted;
        for (const Posting &posting : postings.list()) {
            if (!term.wanted) {
                unwanted.insert(posting.document);
                continue;
            }
            scores[posting.document] += rank(index, postings, posting);
            found[posting.document]++;
        }
    }
    std::vector<Hit> hits;
    for (const auto &[document, score] : scores)
        if (found[document] == wanted && !unwanted.count(document)) hits.push_back({document, score});
    std::sort(hits.begin(), hits.end(), [](const Hit &a, const Hit &b) {
        return a.score != b.score ? a.score > b.score : a.document < b.document;
    });
    return hits;
}

}  // namespace wordindex
