#include "base/fault.hpp"

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <new>
#include <optional>

#include "octopole/error.hpp"

namespace octopole::fault {
namespace {

int whole_number(std::string_view digits, std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number < 0)
    throw Error("the fault '" + std::string(text) + "' cannot be read",
                "OCTOPOLE_FAULT is STAGE@RANK[:error|memory|kill[:OCCURRENCE]]");
  return number;
}

struct Armed {
  std::optional<Fault> fault;
  int reached = 0;  // how often its rank has reached its stage

  Armed() {
    if (const char* text = std::getenv("OCTOPOLE_FAULT"); text != nullptr && *text != '\0')
      fault = parse(text);
  }
};

Armed& armed() {
  static Armed one;
  return one;
}

}  // namespace

Fault parse(std::string_view text) {
  Fault fault;
  const std::size_t rank_at = text.find('@');
  fault.stage = text.substr(0, rank_at);
  std::string_view rest = rank_at == std::string_view::npos ? "" : text.substr(rank_at + 1);
  const auto next = [&rest] {
    const std::size_t colon = rest.find(':');
    const std::string_view field = rest.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
    return field;
  };
  fault.rank = whole_number(next(), text);
  if (const std::string_view kind = next(); kind == "memory")
    fault.kind = Kind::memory;
  else if (kind == "kill")
    fault.kind = Kind::kill;
  else if (kind != "error" && !kind.empty())
    whole_number("", text);
  if (!rest.empty()) fault.occurrence = whole_number(rest, text);
  if (fault.stage.empty() || fault.occurrence < 1) whole_number("", text);
  return fault;
}

void arm(std::string_view text) {
  Armed& one = armed();
  one.reached = 0;
  one.fault.reset();
  if (!text.empty()) one.fault = parse(text);
}

void at(std::string_view stage, int rank, std::string_view part) {
  Armed& one = armed();
  if (!one.fault || one.fault->rank != rank) return;
  if (one.fault->stage != std::string(stage) + (part.empty() ? "" : "/") + std::string(part)) return;
  if (++one.reached != one.fault->occurrence) return;
  switch (one.fault->kind) {
    case Kind::kill:
      std::raise(SIGKILL);
      break;
    case Kind::memory:
      throw std::bad_alloc();
    default:
      throw Error("a fault was asked for at stage " + one.fault->stage, "unset OCTOPOLE_FAULT");
  }
}

}  // namespace octopole::fault
