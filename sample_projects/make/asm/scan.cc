#include <sstream>

#include "assembler.hpp"

namespace tinyvm {

std::vector<Line> scan(const std::string &source) {
    std::vector<Line> lines;
    std::istringstream in(source);
    std::vector<std::string> labels;
    std::string text;
    for (std::size_t number = 1; std::getline(in, text); number++) {
        std::istringstream words(text.substr(0, text.find(';')));
        Line line{number, {}, "", {}};
        for (std::string word; words >> word;) {
            if (!line.operation.empty())
                line.operands.push_back(word);
            else if (word.size() > 1 && word.back() == ':')
                labels.push_back(word.substr(0, word.size() - 1));
            else
                line.operation = word;
        }
        // A label alone on its line belongs to the next instruction.
        if (line.operation.empty()) continue;
        line.labels.swap(labels);
        lines.push_back(std::move(line));
    }
    if (!labels.empty()) throw Error("label " + labels.front() + " is behind the last instruction");
    return lines;
}

}  // namespace tinyvm
