#include <cstring>
#include <iostream>

#include "index.hpp"
#include "words.h"

namespace {

int failures = 0;

void check(bool ok, const std::string &what) {
    if (ok) return;
    failures++;
    std::cerr << "failed: " << what << '\n';
}

void check_stem(const char *from, const char *to) {
    char word[WORD_MAX + 1];
    stem(word, fold_case(from, std::strlen(from), word));
    check(std::strcmp(word, to) == 0, std::string(from) + " -> " + word);
}

}  // namespace

int main() {
    using namespace wordindex;
    check_stem("Compiling", "compil");
    check_stem("compiled", "compil");
    check_stem("compiles", "compil");
    check_stem("libraries", "library");
    check_stem("stopped", "stop");
    check_stem("\xC3\x84RGER", "\xC3\xA4rg");
    check(is_stopword("the") && !is_stopword("theory"), "stop words");
    check(checksum("123456789", 9) == 0xcbf43926u, "CRC-32");

    Index index;
    index.add("one", "The compiler compiles a library.\nA second line about servers.");
    index.add("two", "Servers in the farm compile; the farm has many servers, servers and servers.");
    index.add("three", "Nothing to see here.");
    const auto hits = search(index, "servers");
    check(hits.size() == 2 && hits[0].document == 1, "the one with more of it comes first");
    check(search(index, "\"second line\" servers").size() == 1, "a phrase");
    check(search(index, "\"line second\"").empty(), "a phrase in the other order");
    check(search(index, "servers -farm").size() == 1, "an unwanted word");
    check(search(index, "unicorn").empty() && search(index, "").empty(), "nothing");
    check(snippet(index.documents()[0], "line") == "A second [line] about servers.", "snippet");

    Postings postings;
    for (const std::uint32_t position : {3u, 200u, 70000u}) postings.add(300, position);
    check(Postings::unpack(postings.pack()).list() == postings.list(), "postings round trip");
    const std::string saved = save(index);
    check(save(load(saved)) == saved, "index round trip");
    try {
        load(saved.substr(0, saved.size() - 1));
        check(false, "a cut index should be an error");
    } catch (const Error &) {
    }
    if (failures == 0) std::cout << "wordindex: all tests passed\n";
    return failures != 0;
}
