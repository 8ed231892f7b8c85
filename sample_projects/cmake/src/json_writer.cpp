#include <iomanip>
#include <sstream>

#include "settings/settings.hpp"
#include "settings/text.h"

namespace settings {
namespace {

void write_string(std::ostream &out, const std::string &text) {
    out << '"';
    for (const char c : text) {
        switch (c) {
        case '"': out << "\\\""; break;
        case '\\': out << "\\\\"; break;
        case '\n': out << "\\n"; break;
        case '\t': out << "\\t"; break;
        default:
            if (static_cast<unsigned char>(c) < 0x20)
                out << "\\u" << std::hex << std::setw(4) << std::setfill('0') << int(c) << std::dec;
            else
                out << c;
        }
    }
    out << '"';
}

class Writer {
public:
    Writer(std::ostream &out, int indent) : out_(out), indent_(indent) {}

    void write(const Value &value, int depth) {
        if (const auto *truth = value.get<bool>()) {
            out_ << (*truth ? "true" : "false");
        } else if (const auto *number = value.get<double>()) {
            char text[32];
            out_.write(text, static_cast<std::streamsize>(number_format(*number, text, sizeof text)));
        } else if (const auto *text = value.get<std::string>()) {
            write_string(out_, *text);
        } else if (const auto *list = value.get<List>()) {
            bracketed('[', ']', list->begin(), list->end(), depth,
                      [&](const Value &item) { write(item, depth + 1); });
        } else if (const auto *section = value.get<Section>()) {
            bracketed('{', '}', section->items().begin(), section->items().end(), depth,
                      [&](const Section::Item &item) {
                          write_string(out_, item.first);
                          out_ << (indent_ > 0 ? ": " : ":");
                          write(item.second, depth + 1);
                      });
        } else {
            out_ << "null";
        }
    }

private:
    template <class Iterator, class Function>
    void bracketed(char open, char close, Iterator from, Iterator to, int depth, Function item) {
        out_ << open;
        const bool empty = from == to;
        while (from != to) {
            new_line(depth + 1);
            item(*from);
            if (++from != to) out_ << ',';
        }
        if (!empty) new_line(depth);
        out_ << close;
    }

    void new_line(int depth) {
        if (indent_ > 0) out_ << '\n' << std::string(static_cast<std::size_t>(depth * indent_), ' ');
    }

    std::ostream &out_;
    int indent_;
};

}  // namespace

std::string write_json(const Value &value, int indent) {
    std::ostringstream out;
    Writer(out, indent).write(value, 0);
    return out.str();
}

}  // namespace settings
