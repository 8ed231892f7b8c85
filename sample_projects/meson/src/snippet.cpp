#include <set>

#include "index.hpp"
#include "words.h"

namespace wordindex {

std::string snippet(const Document &document, const std::string &query) {
    std::set<std::string> wanted;
    std::size_t offset = 0;
    word word;
    while (tokenize_next(query.data(), query.size(), &offset, &word)) wanted.insert(word.folded);

    const std::string &text = document.text;
    std::string line;
    std::size_t copied = 0;
    std::size_t end = std::string::npos;
    offset = 0;
    while (tokenize_next(text.data(), text.size(), &offset, &word)) {
        if (end != std::string::npos && word.offset >= end) break;
        if (!wanted.count(word.folded)) continue;
        if (end == std::string::npos) {
            const std::size_t before = text.rfind('\n', word.offset);
            copied = before == std::string::npos ? 0 : before + 1;
            end = std::min(text.find('\n', word.offset), text.size());
        }
        line += text.substr(copied, word.offset - copied);
        line += '[' + text.substr(word.offset, word.length) + ']';
        copied = word.offset + word.length;
    }
    return end == std::string::npos ? line : line + text.substr(copied, end - copied);
}

}  // namespace wordindex
