#include "settings/scan.h"
#include "settings/settings.hpp"
#include "settings/text.h"

namespace settings {
namespace {

class Reader {
public:
    explicit Reader(const std::string &text) { scan_init(&scan_, text.data(), text.size()); }

    Value whole() {
        Value result = value(0);
        scan_skip_space(&scan_);
        if (!scan_at_end(&scan_)) fail("expected the end");
        return result;
    }

private:
    Value value(int depth) {
        // Deep enough for any settings, shallow enough for the stack.
        if (depth > 200) fail("nested too deeply");
        scan_skip_space(&scan_);
        if (scan_match(&scan_, "{")) return section(depth);
        if (scan_match(&scan_, "[")) return list(depth);
        if (scan_match(&scan_, "\"")) return Value(string());
        if (scan_match(&scan_, "true")) return Value(true);
        if (scan_match(&scan_, "false")) return Value(false);
        if (scan_match(&scan_, "null")) return Value();
        const char *from = scan_.at;
        double number;
        if (!number_parse(from, scan_until(&scan_, ",]} \t\r\n"), &number)) fail("expected a value");
        return Value(number);
    }

    Value section(int depth) {
        Section result;
        scan_skip_space(&scan_);
        if (scan_match(&scan_, "}")) return Value(std::move(result));
        do {
            scan_skip_space(&scan_);
            expect("\"");
            const std::string key = string();
            scan_skip_space(&scan_);
            expect(":");
            result[key] = value(depth + 1);
            scan_skip_space(&scan_);
        } while (scan_match(&scan_, ","));
        expect("}");
        return Value(std::move(result));
    }

    Value list(int depth) {
        List result;
        scan_skip_space(&scan_);
        if (scan_match(&scan_, "]")) return Value(std::move(result));
        do {
            result.push_back(value(depth + 1));
            scan_skip_space(&scan_);
        } while (scan_match(&scan_, ","));
        expect("]");
        return Value(std::move(result));
    }

    std::string string() {
        std::string result;
        for (;;) {
            const char *from = scan_.at;
            result.append(from, scan_until(&scan_, "\"\\\n"));
            if (scan_match(&scan_, "\"")) return result;
            expect("\\");
            const int escape = scan_peek(&scan_);
            if (escape < 0) fail("expected an escape");
            scan_.at++;
            switch (escape) {
            case 'n': result += '\n'; break;
            case 't': result += '\t'; break;
            case 'r': result += '\r'; break;
            case 'b': result += '\b'; break;
            case 'f': result += '\f'; break;
            case 'u': append_point(result); break;
            default: result += static_cast<char>(escape);
            }
        }
    }

    std::uint32_t hex4() {
        std::uint32_t point = 0;
        for (int i = 0; i < 4; i++, scan_.at++) {
            const int c = scan_peek(&scan_);
            const int digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                     : -1;
            if (digit < 0) fail("expected four hexadecimal digits");
            point = point * 16 + static_cast<std::uint32_t>(digit);
        }
        return point;
    }

    void append_point(std::string &result) {
        std::uint32_t point = hex4();
        if (point >= 0xD800 && point < 0xDC00 && scan_match(&scan_, "\\u"))
            point = 0x10000 + ((point - 0xD800) << 10) + (hex4() - 0xDC00);
        char bytes[4];
        const std::size_t length = utf8_encode(point, bytes);
        if (length == 0) fail("no such character");
        result.append(bytes, length);
    }

    void expect(const char *word) {
        if (!scan_match(&scan_, word)) fail(std::string("expected ") + word);
    }

    [[noreturn]] void fail(const std::string &what) const {
        throw Error("line " + std::to_string(scan_line(&scan_)) + ": " + what);
    }

    scan scan_{};
};

}  // namespace

Value read_json(const std::string &text) { return Reader(text).whole(); }

}  // namespace settings
