#include "index.hpp"

#include "words.h"

namespace wordindex {

void Index::add(std::string name, std::string text) {
    Document document{std::move(name), std::move(text), 0};
    const auto number = static_cast<std::uint32_t>(documents_.size());
    std::size_t offset = 0;
    word word;
    while (tokenize_next(document.text.data(), document.text.size(), &offset, &word)) {
        // Counted, so that phrases keep their distance, but not kept.
        if (!is_stopword(word.folded)) words_[word.folded].add(number, document.words);
        document.words++;
    }
    documents_.push_back(std::move(document));
}

const Postings &Index::find(const std::string &word) const {
    static const Postings none;
    const auto found = words_.find(word);
    return found == words_.end() ? none : found->second;
}

}  // namespace wordindex
