#include <algorithm>

#include "index.hpp"
#include "words.h"

namespace wordindex {
namespace {

void put(std::string &bytes, std::uint32_t value) {
    unsigned char buffer[5];
    bytes.append(reinterpret_cast<const char *>(buffer), varint_write(value, buffer));
}

std::uint32_t take(const std::string &bytes, std::size_t &at) {
    std::uint32_t value;
    const auto *data = reinterpret_cast<const unsigned char *>(bytes.data());
    const std::size_t used = varint_read(data + at, bytes.size() - at, &value);
    if (used == 0) throw Error("the index is cut off");
    at += used;
    return value;
}

}  // namespace

void Postings::add(std::uint32_t document, std::uint32_t position) {
    if (list_.empty() || list_.back().document != document) list_.push_back({document, {}});
    list_.back().positions.push_back(position);
}

// Differences instead of numbers: most fit into one byte.
std::string Postings::pack() const {
    std::string bytes;
    put(bytes, static_cast<std::uint32_t>(list_.size()));
    std::uint32_t last_document = 0;
    for (const Posting &posting : list_) {
        put(bytes, posting.document - last_document);
        last_document = posting.document;
        put(bytes, static_cast<std::uint32_t>(posting.positions.size()));
        std::uint32_t last = 0;
        for (const std::uint32_t position : posting.positions) {
            put(bytes, position - last);
            last = position;
        }
    }
    return bytes;
}

Postings Postings::unpack(const std::string &bytes) {
    Postings result;
    std::size_t at = 0;
    std::uint32_t document = 0;
    for (std::uint32_t left = take(bytes, at); left > 0; left--) {
        document += take(bytes, at);
        std::uint32_t position = 0;
        for (std::uint32_t count = take(bytes, at); count > 0; count--) {
            position += take(bytes, at);
            result.add(document, position);
        }
    }
    return result;
}

Postings following(const Postings &first, const Postings &second) {
    Postings result;
    auto left = first.list().begin();
    for (const Posting &posting : second.list()) {
        left = std::find_if(left, first.list().end(), [&](const Posting &candidate) {
            return candidate.document >= posting.document;
        });
        if (left == first.list().end()) break;
        if (left->document != posting.document) continue;
        for (const std::uint32_t position : posting.positions)
            if (position > 0 && std::binary_search(left->positions.begin(), left->positions.end(),
                                                   position - 1))
                result.add(posting.document, position);
    }
    return result;
}

}  // namespace wordindex
