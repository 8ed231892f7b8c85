#include <cmath>
#include <numeric>

#include "index.hpp"

namespace wordindex {

double rank(const Index &index, const Postings &postings, const Posting &posting) {
    constexpr double k = 1.2;
    constexpr double b = 0.75;
    const auto &documents = index.documents();
    const double total = std::accumulate(
        documents.begin(), documents.end(), 0.0,
        [](double sum, const Document &document) { return sum + document.words; });
    const double average = total / static_cast<double>(documents.size());
    const double count = static_cast<double>(documents.size());
    const double holding = static_cast<double>(postings.list().size());
    const double rarity = std::log(1 + (count - holding + 0.5) / (holding + 0.5));
    const double frequency = static_cast<double>(posting.positions.size());
    const double length = documents[posting.document].words / average;
    return rarity * frequency * (k + 1) / (frequency + k * (1 - b + b * length));
}

}  // namespace wordindex
