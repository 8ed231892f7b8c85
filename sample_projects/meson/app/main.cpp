#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "index.hpp"

namespace {

std::string read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw wordindex::Error("cannot read " + path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

int run(const std::vector<std::string> &words) {
    if (words.size() < 2) {
        std::cerr << "usage: wordindex QUERY FILE... | --save INDEX FILE... | --load INDEX QUERY\n";
        return 2;
    }
    wordindex::Index index;
    if (words[0] == "--load" && words.size() == 3) {
        index = wordindex::load(read_file(words[1]));
    } else {
        for (std::size_t i = words[0] == "--save" ? 2 : 1; i < words.size(); i++)
            index.add(words[i], read_file(words[i]));
    }
    if (words[0] == "--save") {
        std::ofstream(words[1], std::ios::binary) << wordindex::save(index);
        return 0;
    }
    const std::string &query = words[0] == "--load" ? words.back() : words[0];
    for (const wordindex::Hit &hit : wordindex::search(index, query)) {
        const wordindex::Document &document = index.documents()[hit.document];
        std::cout << std::fixed << std::setprecision(3) << hit.score << "  " << document.name << "\n    "
                  << wordindex::snippet(document, query) << '\n';
    }
    return 0;
}

}  // namespace

int main(int argc, char **argv) {
    try {
        return run(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const wordindex::Error &error) {
        std::cerr << "wordindex: " << error.what() << '\n';
        return 1;
    }
}
