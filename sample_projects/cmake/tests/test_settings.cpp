#include <iostream>

#include "settings/settings.hpp"
#include "settings/text.h"

namespace {

int failures = 0;

void check(bool ok, const std::string &what) {
    if (ok) return;
    failures++;
    std::cerr << "failed: " << what << '\n';
}

void check_error(const std::string &text, settings::Format format) {
    try {
        settings::read(text, format);
        check(false, text + " should be an error");
    } catch (const settings::Error &) {
    }
}

}  // namespace

int main() {
    using namespace settings;
    const std::string json = R"({"a":1,"b":[true,null,"x\ny"],"c":{"d":-2.5,"e":"\u00e9\ud83d\ude00"}})";
    const Value value = read_json(json);
    check(write_json(read_json(write_json(value)), 0) == write_json(value, 0), "JSON round trip");
    const Value *last = query(value, "c.e");
    check(last && *last->get<std::string>() == "\xC3\xA9\xF0\x9F\x98\x80", "escapes");
    check(query(value, "b.0") && *query(value, "b.0")->get<bool>(), "b.0");
    check(!query(value, "b.3") && !query(value, "a.b"), "nothing there");

    const Value ini = read_ini("; note\nx = 1\nlist = a, 2, yes\n[s]\nk = \"v, w\"\n");
    check(query(ini, "list.1") && *query(ini, "list.1")->get<double>() == 2, "INI list");
    check(*query(ini, "s.k")->get<std::string>() == "v, w", "INI string");
    check(read_ini(write_ini(ini)) == ini, "INI round trip: " + write_ini(ini));

    const Value merged = merge(ini, read_json(R"({"s":{"l":2},"x":[]})"));
    check(query(merged, "s.k") && query(merged, "s.l"), "sections merge");
    check(query(merged, "x")->get<List>() != nullptr, "others are replaced");
    check(read_json(R"({"p":1,"q":2})").hash() == read_json(R"({"q":2,"p":1})").hash(), "hash");
    check(utf8_is_valid("\xE2\x82\xAC", 3) && !utf8_is_valid("\xC0\x80", 2), "UTF-8");

    check_error("{\"a\":}", Format::json);
    check_error("[1,2", Format::json);
    check_error(std::string(1000, '['), Format::json);
    check_error("novalue\n", Format::ini);
    check_error("[open\n", Format::ini);
    if (failures == 0) std::cout << "settings: all tests passed\n";
    return failures != 0;
}
