#include <cerrno>
#include <cstring>
#include <iostream>

#include "settings/buffer.h"
#include "settings/settings.hpp"

namespace {

settings::Value load(const std::string &path) {
    buffer buffer;
    buffer_init(&buffer);
    if (buffer_read_file(&buffer, path.c_str()) != 0)
        throw settings::Error(path + ": " + std::strerror(errno));
    const std::string text(buffer.data ? buffer.data : "", buffer.length);
    buffer_free(&buffer);
    return settings::read(text, settings::format_of_name(path));
}

int run(const std::vector<std::string> &words) {
    if (words.size() == 3 && words[0] == "convert") {
        std::cout << settings::write(load(words[1]), settings::format_of_name(words[2]));
        return 0;
    }
    if (words.size() == 3 && words[0] == "get") {
        const settings::Value top = load(words[1]);
        const settings::Value *found = settings::query(top, words[2]);
        if (!found) throw settings::Error(words[1] + " has no " + words[2]);
        std::cout << settings::write_json(*found) << '\n';
        return 0;
    }
    if (words.size() >= 3 && words[0] == "merge") {
        settings::Value result;
        for (std::size_t i = 1; i < words.size(); i++)
            result = settings::merge(result, load(words[i]));
        std::cout << settings::write_json(result) << '\n';
        return 0;
    }
    std::cerr << "usage: settings convert FILE ini|json | get FILE PATH | merge FILE FILE...\n";
    return 2;
}

}  // namespace

int main(int argc, char **argv) {
    try {
        return run(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const settings::Error &error) {
        std::cerr << "settings: " << error.what() << '\n';
        return 1;
    }
}
