#include "settings/scan.h"
#include "settings/settings.hpp"
#include "settings/text.h"

namespace settings {
namespace {

std::string trimmed(const char *text, std::size_t length) {
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t' ||
                          text[length - 1] == '\r'))
        length--;
    return std::string(text, length);
}

Value scalar(const std::string &text) {
    double number;
    if (text == "true" || text == "yes" || text == "on") return Value(true);
    if (text == "false" || text == "no" || text == "off") return Value(false);
    if (number_parse(text.data(), text.size(), &number)) return Value(number);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return read_json(text);
    return Value(text);
}

Value value_of(const std::string &text) {
    if (text.empty()) return Value();
    if (text.front() == '"' || text.find(',') == std::string::npos) return scalar(text);
    List list;
    scan scan;
    scan_init(&scan, text.data(), text.size());
    for (;;) {
        scan_skip_blanks(&scan);
        const char *from = scan.at;
        list.push_back(scalar(trimmed(from, scan_until(&scan, ","))));
        if (!scan_match(&scan, ",")) return Value(std::move(list));
    }
}

}  // namespace

Value read_ini(const std::string &text) {
    Section top;
    Section *current = &top;
    scan scan;
    scan_init(&scan, text.data(), text.size());
    for (scan_skip_space(&scan); !scan_at_end(&scan); scan_skip_space(&scan)) {
        if (scan_peek(&scan) == ';' || scan_peek(&scan) == '#') {
            scan_until(&scan, "\n");
            continue;
        }
        if (scan_match(&scan, "[")) {
            const char *from = scan.at;
            const std::string name(from, scan_until(&scan, "]\n"));
            if (!scan_match(&scan, "]"))
                throw Error("line " + std::to_string(scan_line(&scan)) + ": expected ]");
            Value &value = top[name];
            if (!value.get<Section>()) value = Value(Section());
            current = value.get<Section>();
            continue;
        }
        const char *from = scan.at;
        const std::string key = trimmed(from, scan_until(&scan, "=\n"));
        if (!scan_match(&scan, "="))
            throw Error("line " + std::to_string(scan_line(&scan)) + ": expected = after " + key);
        scan_skip_blanks(&scan);
        from = scan.at;
        (*current)[key] = value_of(trimmed(from, scan_until(&scan, "\n")));
    }
    return Value(std::move(top));
}

}  // namespace settings
