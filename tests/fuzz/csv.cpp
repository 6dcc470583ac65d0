// Tables of comma-separated values. What is read and written again reads as the same fields.

#include <rcar/data/csv.hpp>

#include "target.hpp"

namespace rcar::fuzz {
namespace {

Outcome read(std::string_view input) {
  const OwnBytes own(input);
  return taken_unless_refused([&] {
    const CsvTable table = parse_csv(own.text(), "input.csv");
    std::string again = csv_line(table.columns);
    for (const CsvRow& row : table.rows) {
      law(row.fields.size() == table.columns.size(), "a row has a field for each column");
      again += csv_line(row.fields);
    }
    const CsvTable second = parse_csv(again, "again.csv");
    law(second.columns == table.columns && second.rows.size() == table.rows.size(),
        "a table that was written has the same columns and rows:", again);
    for (std::size_t i = 0; i < table.rows.size(); ++i)
      law(second.rows[i].fields == table.rows[i].fields, "a row that was written has the same fields:", again);
  });
}

const Registered target({"csv", "", read, 160});

}  // namespace
}  // namespace rcar::fuzz
