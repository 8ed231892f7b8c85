#include <iomanip>
#include <sstream>

#include "index.hpp"
#include "words.h"

namespace wordindex {
namespace {

constexpr const char *magic = "wordindex 1";

void put(std::ostream &out, const std::string &bytes) { out << bytes.size() << ' ' << bytes; }

std::string take(std::istream &in) {
    std::size_t size = 0;
    if (!(in >> size) || in.get() != ' ') throw Error("the index is damaged");
    std::string bytes(size, '\0');
    if (!in.read(bytes.data(), static_cast<std::streamsize>(size))) throw Error("the index is cut off");
    return bytes;
}

}  // namespace

std::string save(const Index &index) {
    std::ostringstream out;
    out << index.documents().size() << ' ' << index.words().size() << '\n';
    for (const Document &document : index.documents()) {
        put(out, document.name);
        put(out, document.text);
        out << document.words << '\n';
    }
    for (const auto &[word, postings] : index.words()) {
        put(out, word);
        put(out, postings.pack());
    }
    const std::string body = out.str();
    std::ostringstream head;
    head << magic << ' ' << std::hex << std::setw(8) << std::setfill('0')
         << checksum(body.data(), body.size()) << '\n';
    return head.str() + body;
}

Index load(const std::string &bytes) {
    const std::size_t line = bytes.find('\n');
    if (bytes.rfind(magic, 0) != 0 || line == std::string::npos) throw Error("this is no index");
    const std::string body = bytes.substr(line + 1);
    const auto sum = std::stoul(bytes.substr(std::string(magic).size() + 1, 8), nullptr, 16);
    if (sum != checksum(body.data(), body.size())) throw Error("the index is damaged");

    std::istringstream in(body);
    std::size_t documents = 0;
    std::size_t words = 0;
    in >> documents >> words;
    Index index;
    for (; documents > 0; documents--) {
        Document document;
        document.name = take(in);
        document.text = take(in);
        in >> document.words;
        index.documents_.push_back(std::move(document));
    }
    for (; words > 0; words--) {
        const std::string word = take(in);
        index.words_[word] = Postings::unpack(take(in));
    }
    return index;
}

}  // namespace wordindex
