//===- Receipt.cpp - views of a receipt -------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Receipt.h"

#include "Json.h"
#include "PlanReport.h"
#include "Units.h"

#include <algorithm>

namespace noodle::engine {
namespace {

/// Rows of cells, each column as wide as its widest cell.
class Table {
public:
  void row(std::vector<std::string> cells) { rows.push_back(std::move(cells)); }
  std::string str(const char *bold, const char *plain,
                  const std::vector<std::string> &below) const {
    std::vector<size_t> widths;
    for (const auto &cells : rows)
      for (size_t k = 0; k < cells.size(); ++k) {
        widths.resize(std::max(widths.size(), k + 1));
        widths[k] = std::max(widths[k], cells[k].size());
      }
    std::string text;
    for (size_t r = 0; r < rows.size(); ++r) {
      text += r == 0 ? bold : "";
      for (size_t k = 0; k < rows[r].size(); ++k) {
        text += k ? "  " : "";
        text += rows[r][k];
        if (k + 1 < rows[r].size())
          text.append(widths[k] - rows[r][k].size(), ' ');
      }
      text += r == 0 ? plain : "";
      text += "\n" + (r ? below[r - 1] : std::string());
    }
    return text;
  }

private:
  std::vector<std::vector<std::string>> rows;
};

/// What happened on the device, a line each.
std::string deviceText(const DeviceSection &device, const char *warn,
                       const char *plain) {
  if (device.target == "cpu" && device.used.steps.empty() &&
      device.name.empty())
    return {};
  const rt::DeviceReceipt &used = device.used;
  std::string text = "device: ";
  if (device.name.empty())
    text += "none";
  else
    text += device.name + " (" + std::to_string(device.index) + ", " +
            device.chip + ")";
  if (!device.code.empty())
    text += ", kernels for " + device.code;
  text += ", target " + device.target + "\n";
  if (used.launches + used.fallbacks > 0) {
    text += "  " + std::to_string(used.launches) + " launches, " +
            std::to_string(used.fallbacks) + " fallbacks";
    if (used.kernelSeconds > 0)
      text += ", kernels " + time(used.kernelSeconds);
    text += "; in " + amount(double(used.bytesIn), "B");
    if (used.secondsIn > 0)
      text += " in " + time(used.secondsIn);
    text += ", out " + amount(double(used.bytesOut), "B");
    if (used.secondsOut > 0)
      text += " in " + time(used.secondsOut);
    text += ", reused " + amount(double(used.bytesReused), "B") + "\n";
  }
  if (device.share >= 0)
    text += "  " + percent(device.share) +
            " of the program's operations ran on the device\n";
  for (const rt::DeviceStep &step : used.steps)
    text +=
        std::string(warn) + "  step " + step.step + ": " + step.reason +
        (step.site >= 0 ? " (op " + std::to_string(step.site) + ")" : "") +
        (step.count > 1 ? ", " + std::to_string(step.count) + " times" : "") +
        plain + "\n";
  if (device.redone)
    text += std::string(warn) + "  the call was made again without the device" +
            plain + "\n";
  return text;
}

void deviceJson(Json &json, const DeviceSection &device) {
  const rt::DeviceReceipt &used = device.used;
  json.open("device", '{');
  json.text("target", device.target);
  json.text("name", device.name);
  json.integer("index", device.index);
  json.text("chip", device.chip);
  json.text("code", device.code);
  json.number("share", device.share);
  json.integer("redone", device.redone);
  json.integer("launches", used.launches);
  json.integer("fallbacks", used.fallbacks);
  json.integer("bytes_in", used.bytesIn);
  json.integer("bytes_out", used.bytesOut);
  json.integer("bytes_reused", used.bytesReused);
  json.number("seconds_in", used.secondsIn);
  json.number("seconds_out", used.secondsOut);
  json.number("kernel_seconds", used.kernelSeconds);
  json.number("overlap_seconds", used.overlapSeconds);
  json.integer("peak_bytes", used.peakBytes);
  json.open("steps", '[');
  for (const rt::DeviceStep &step : used.steps) {
    json.open(nullptr, '{');
    json.text("step", step.step);
    json.text("reason", step.reason);
    json.integer("site", step.site);
    json.integer("count", step.count);
    json.close('}');
  }
  json.close(']');
  json.close('}');
}

/// What a BLAS did, a line for each op that it refused.
std::string blasText(const rt::BlasReceipt &blas, const char *warn,
                     const char *plain) {
  if (blas.products + blas.fallbacks == 0)
    return {};
  std::string text = "blas: " + (blas.name.empty() ? "none" : blas.name) +
                     ", " + std::to_string(blas.products) + " products, " +
                     std::to_string(blas.fallbacks) + " fallbacks\n";
  for (const auto &refusal : blas.refusals)
    text += std::string(warn) + "  step library: " + refusal.reason +
            (refusal.site >= 0 ? " (op " + std::to_string(refusal.site) + ")"
                               : "") +
            (refusal.count > 1 ? ", " + std::to_string(refusal.count) + " times"
                               : "") +
            plain + "\n";
  return text;
}

void blasJson(Json &json, const rt::BlasReceipt &blas) {
  json.open("blas", '{');
  json.text("name", blas.name);
  json.integer("products", blas.products);
  json.integer("fallbacks", blas.fallbacks);
  json.open("steps", '[');
  for (const auto &refusal : blas.refusals) {
    json.open(nullptr, '{');
    json.text("step", "library");
    json.text("reason", refusal.reason);
    json.integer("site", refusal.site);
    json.integer("count", refusal.count);
    json.close('}');
  }
  json.close(']');
  json.close('}');
}

std::string timesText(int64_t count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

/// A line for each parallel loop, and one for each op whose temporaries did
/// not fit.
std::string regionsText(const Receipt &receipt, const char *warn,
                        const char *plain) {
  std::string text;
  for (const RegionReceipt &region : receipt.regions)
    text += "parallel: " +
            (region.site >= 0 ? "op " + std::to_string(region.site) + ", "
                              : std::string()) +
            timesText(region.calls) + ", " +
            format("%.3g", double(region.chunks) /
                               double(std::max<int64_t>(1, region.calls))) +
            " chunks, " + time(region.seconds) + ", " + percent(region.busy) +
            " busy, imbalance " + percent(region.imbalance) + "\n";
  for (const ShortageReceipt &each : receipt.shortages) {
    std::string strategy;
    for (const SiteReceipt &site : receipt.sites)
      if (site.site.id == each.site)
        strategy = site.site.strategy;
    text += std::string(warn) + "  step " +
            (strategy.empty() ? "memory" : strategy) + ": no room for " +
            amount(double(each.bytes), "B") +
            " of temporaries, a form that needs fewer ran" +
            (each.site >= 0 ? " (op " + std::to_string(each.site) + ")" : "") +
            (each.count > 1 ? ", " + timesText(each.count) : "") + plain + "\n";
  }
  return text;
}

void regionsJson(Json &json, const Receipt &receipt) {
  json.open("regions", '[');
  for (const RegionReceipt &region : receipt.regions) {
    json.open(nullptr, '{');
    json.integer("site", region.site);
    json.integer("calls", region.calls);
    json.integer("chunks", region.chunks);
    json.number("seconds", region.seconds);
    json.number("busy", region.busy);
    json.number("imbalance", region.imbalance);
    json.close('}');
  }
  json.close(']');
  json.open("shortages", '[');
  for (const ShortageReceipt &each : receipt.shortages) {
    json.open(nullptr, '{');
    json.integer("site", each.site);
    json.integer("bytes", each.bytes);
    json.integer("count", each.count);
    json.close('}');
  }
  json.close(']');
}

/// A line for each argument and result that the kernel has in another format.
std::string conversionsText(const Receipt &receipt) {
  std::string text;
  for (const ConversionReceipt &each : receipt.conversions)
    text += "border: " + std::string(each.result ? "result " : "argument ") +
            std::to_string(each.index) + ", " + each.from + " to " + each.to +
            ", " + std::to_string(each.entries) + " entries in " +
            time(each.seconds) + "\n";
  return text;
}

void conversionsJson(Json &json, const Receipt &receipt) {
  json.open("conversions", '[');
  for (const ConversionReceipt &each : receipt.conversions) {
    json.open(nullptr, '{');
    json.text("what", each.result ? "result" : "argument");
    json.integer("index", each.index);
    json.text("from", each.from);
    json.text("to", each.to);
    json.integer("entries", each.entries);
    json.number("seconds", each.seconds);
    json.close('}');
  }
  json.close(']');
}

/// What an op took: on the device where it ran there.
double taken(const SiteReceipt &site) {
  if (site.ran == "device" && site.deviceSeconds >= 0)
    return site.deviceSeconds;
  return site.measuredSeconds;
}

} // namespace

std::string receiptText(const Receipt &receipt, bool colour) {
  const char *bold = colour ? "\033[1m" : "", *plain = colour ? "\033[0m" : "";
  const char *warn = colour ? "\033[33m" : "";
  std::string text = std::string(bold) + "@" + receipt.entry + plain + "  " +
                     time(receipt.callSeconds) + ", " +
                     std::to_string(receipt.threads) +
                     (receipt.threads == 1 ? " thread" : " threads") +
                     ", at most " + amount(double(receipt.memoryPeak), "B") +
                     " of intermediates and results\n";
  text += "kernel: " + receipt.source;
  if (receipt.compileSeconds > 0) {
    text += " in " + time(receipt.compileSeconds);
    std::string phases;
    for (const PhaseTime &phase : receipt.phases)
      phases += (phases.empty() ? "" : ", ") + phase.phase + " " +
                time(phase.seconds);
    if (!phases.empty())
      text += " (" + phases + ")";
  }
  if (receipt.loadSeconds > 0)
    text += ", loaded in " + time(receipt.loadSeconds);
  if (!receipt.plannedFor.empty())
    text += "\nplanned for: arguments up to " + receipt.plannedFor;
  if (receipt.tier == "0")
    text += "\ntier: 0";
  else if (receipt.tierZeroCalls >= 0)
    text += "\ntier: optimised, after " +
            std::to_string(receipt.tierZeroCalls) + " calls of tier-0";
  if (!receipt.tierNote.empty())
    text +=
        std::string(", ") + warn + "which stays: " + receipt.tierNote + plain;
  text += "\ncpu: " + receipt.cpu.substr(0, receipt.cpu.find(' ')) + "\n";
  text += deviceText(receipt.device, warn, plain);
  text += blasText(receipt.blas, warn, plain);
  text += regionsText(receipt, warn, plain);
  text += conversionsText(receipt);
  for (const std::string &law : receipt.laws)
    text += "laws: " + law + "\n";
  if (!receipt.fallback.empty())
    text += std::string(warn) + "interpreted as a whole: " + receipt.fallback +
            plain + "\n";
  if (receipt.referenceCalls > 0)
    text += std::string(warn) + "calls of the interpreter: " +
            std::to_string(receipt.referenceCalls) + plain + "\n";
  if (receipt.sites.empty())
    return text;

  Table table;
  // Where ops ran is a column when there was a choice.
  bool choice = receipt.device.target != "cpu" ||
                receipt.blas.products + receipt.blas.fallbacks > 0;
  auto row = [&](std::vector<std::string> cells, const std::string &ran) {
    if (choice)
      cells.insert(cells.begin() + 3, ran);
    table.row(std::move(cells));
  };
  row({"op", "what", "strategy", "calls", "measured", "predicted", "flops",
       "bytes", "place"},
      "ran on");
  std::vector<std::string> below;
  for (const SiteReceipt &site : receipt.sites) {
    row({site.site.op, site.site.text, site.site.strategy,
         site.calls ? std::to_string(site.calls) : "-", time(taken(site)),
         time(site.predictedSeconds), amount(site.flops, "flop"),
         amount(site.bytes, "B"), site.site.place},
        site.ran);
    std::string lines;
    if (!site.site.why.empty())
      lines += "    why: " + site.site.why + "\n";
    lines += planText(site.site.plan);
    if (!site.shapeClass.empty())
      lines += "    how: " + site.shapeClass +
               (site.blocking.empty() ? "" : ", " + site.blocking) + "\n";
    if (!site.site.lost.empty())
      lines += std::string(warn) + "    lost: " + site.site.lost + plain + "\n";
    below.push_back(lines);
  }
  return text + table.str(bold, plain, below);
}

std::string receiptJson(const Receipt &receipt) {
  Json json;
  json.open(nullptr, '{');
  json.integer("version", receipt.version);
  json.text("entry", receipt.entry);
  json.text("compiler", receipt.compiler);
  json.text("cpu", receipt.cpu);
  json.text("source", receipt.source);
  json.text("planned_for", receipt.plannedFor);
  json.text("fallback", receipt.fallback);
  json.text("tier", receipt.tier);
  json.integer("tier_zero_calls", receipt.tierZeroCalls);
  json.text("tier_note", receipt.tierNote);
  json.open("phases", '[');
  for (const PhaseTime &phase : receipt.phases) {
    json.open(nullptr, '{');
    json.text("phase", phase.phase);
    json.number("seconds", phase.seconds);
    json.close('}');
  }
  json.close(']');
  json.number("compile_seconds", receipt.compileSeconds);
  json.number("load_seconds", receipt.loadSeconds);
  json.number("call_seconds", receipt.callSeconds);
  json.integer("memory_peak", receipt.memoryPeak);
  json.integer("threads", receipt.threads);
  json.integer("reference_calls", receipt.referenceCalls);
  json.open("laws", '[');
  for (const std::string &law : receipt.laws)
    json.text(nullptr, law);
  json.close(']');
  json.open("sites", '[');
  for (const SiteReceipt &site : receipt.sites) {
    json.open(nullptr, '{');
    json.integer("id", site.site.id);
    json.text("op", site.site.op);
    json.text("text", site.site.text);
    json.text("place", site.site.place);
    json.text("strategy", site.site.strategy);
    json.text("why", site.site.why);
    json.text("lost", site.site.lost);
    planJson(json, site.site.plan);
    json.text("class", site.shapeClass);
    json.text("blocking", site.blocking);
    json.number("predicted_seconds", site.predictedSeconds);
    json.number("measured_seconds", site.measuredSeconds);
    json.number("flops", site.flops);
    json.number("bytes", site.bytes);
    json.integer("calls", site.calls);
    json.text("ran", site.ran);
    json.integer("launches", site.launches);
    json.integer("fallbacks", site.fallbacks);
    json.number("device_seconds", site.deviceSeconds);
    json.close('}');
  }
  json.close(']');
  regionsJson(json, receipt);
  conversionsJson(json, receipt);
  deviceJson(json, receipt.device);
  blasJson(json, receipt.blas);
  json.close('}');
  return json.out + "\n";
}

} // namespace noodle::engine
