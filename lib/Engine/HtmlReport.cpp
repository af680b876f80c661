//===- HtmlReport.cpp - a receipt as a page ---------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Receipt.h"

#include "PlanReport.h"
#include "Units.h"

#include <algorithm>

namespace noodle::engine {

/// One file that needs nothing else, light or dark as the reader's system is.
static const char kHead[] = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Noodle: @)";
static const char kStyle[] = R"(</title><style>
:root{color-scheme:light dark}
body{font:15px/1.45 sans-serif;margin:2em auto;max-width:75em;padding:0 1em}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3em .6em;border-bottom:1px solid #8884;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.bar{display:inline-block;height:.7em;background:#3584e4;vertical-align:middle}
.note{opacity:.75;font-size:90%}.warn{color:#c64600}
.tree{overflow:auto;border:1px solid #8884;margin:.5em 0}
svg text{fill:currentColor}
pre{overflow:auto;background:#8881;padding:.8em}
</style></head><body>
)";

static std::string cell(const std::string &text, bool number = false) {
  return std::string(number ? "<td class=\"n\">" : "<td>") + escaped(text) +
         "</td>";
}

/// What an op took: measured where it was, else predicted.
static double secondsOf(const SiteReceipt &site) {
  if (site.ran == "device" && site.deviceSeconds >= 0)
    return site.deviceSeconds;
  return site.measuredSeconds >= 0 ? site.measuredSeconds
                                   : site.predictedSeconds;
}

static std::string siteRows(const SiteReceipt &site, double longest) {
  double seconds = std::max(0.0, secondsOf(site));
  std::string text = "<tr>" + cell(site.site.op + " " + site.site.text) +
                     cell(site.site.strategy) +
                     cell(site.calls ? std::to_string(site.calls) : "-", true) +
                     cell(time(site.measuredSeconds), true) +
                     cell(time(site.predictedSeconds), true) +
                     cell(amount(site.flops, "flop"), true) +
                     cell(amount(site.bytes, "B"), true) + cell(site.ran) +
                     "<td><span class=\"bar\" style=\"width:" +
                     format("%.1f", longest > 0 ? 8 * seconds / longest : 0) +
                     "em\"></span></td></tr>\n";
  std::string notes;
  if (!site.site.why.empty())
    notes += "why: " + escaped(site.site.why) + "<br>";
  if (!site.shapeClass.empty())
    notes += "how: " + escaped(site.shapeClass + ", " + site.blocking) + "<br>";
  if (!site.site.plan.text.empty()) {
    notes += "plan: " + escaped(site.site.plan.text) + "<br>";
    if (!site.site.plan.nodes.empty())
      notes += escaped(planChange(site.site.plan));
    if (std::string svg = planSvg(site.site.plan); !svg.empty())
      notes += "<div class=\"tree\">" + svg + "</div>";
  }
  if (!site.site.lost.empty())
    notes +=
        "<span class=\"warn\">lost: " + escaped(site.site.lost) + "</span><br>";
  notes += escaped(site.site.place);
  return text + "<tr><td colspan=\"9\" class=\"note\">" + notes +
         "</td></tr>\n";
}

std::string receiptHtml(const Receipt &receipt) {
  std::string text = kHead + escaped(receipt.entry) + kStyle;
  text += "<h1>@" + escaped(receipt.entry) + "</h1>\n<p>" +
          escaped(time(receipt.callSeconds)) + " on " +
          std::to_string(receipt.threads) +
          (receipt.threads == 1 ? " thread" : " threads") + ", at most " +
          escaped(amount(double(receipt.memoryPeak), "B")) +
          " of intermediates and results. Compiled in " +
          escaped(time(receipt.compileSeconds)) + ", " +
          escaped(receipt.source) +
          (receipt.plannedFor.empty()
               ? std::string()
               : ", planned for arguments up to " + receipt.plannedFor) +
          ".</p>\n";
  for (const std::string &law : receipt.laws)
    text += "<p>laws: " + escaped(law) + "</p>\n";
  double longest = 0;
  for (const SiteReceipt &site : receipt.sites)
    longest = std::max(longest, secondsOf(site));
  if (!receipt.sites.empty()) {
    text += "<table><tr><th>op</th><th>strategy</th><th class=\"n\">calls</th>"
            "<th class=\"n\">measured</th><th class=\"n\">predicted</th>"
            "<th class=\"n\">arithmetic</th><th class=\"n\">moved</th>"
            "<th>ran on</th><th></th></tr>\n";
    for (const SiteReceipt &site : receipt.sites)
      text += siteRows(site, longest);
    text += "</table>\n";
  }
  return text + "<h2>As text</h2>\n<pre>" + escaped(receiptText(receipt)) +
         "</pre>\n</body></html>\n";
}

} // namespace noodle::engine
