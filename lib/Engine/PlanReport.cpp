//===- PlanReport.cpp - what planning made of an op -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "PlanReport.h"

#include <algorithm>

namespace noodle::engine {

/// Larger trees are told in pictures only: as many lines as a screen has.
static constexpr size_t kMostLines = 40;

std::string escaped(const std::string &text) {
  std::string result;
  for (char c : text)
    switch (c) {
    case '&':
      result += "&amp;";
      break;
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '"':
      result += "&quot;";
      break;
    default:
      result += c;
    }
  return result;
}

static std::string lettersOf(const PlanNode &node) {
  return node.letters.empty() ? "a scalar" : node.letters;
}

static std::string change(double before, double after, const char *unit = "") {
  return amount(before, unit) + " to " + amount(after, unit);
}

std::string planChange(const SitePlan &plan) {
  return "multiplications " + change(plan.productsBefore, plan.productsAfter) +
         ", moved " + change(plan.bytesBefore, plan.bytesAfter, "B") +
         ", alive " + change(plan.peakBefore, plan.peakAfter, "B");
}

/// Whether the tree's numbers name nodes before them: what was read from a
/// file may say anything.
static bool isTree(const SitePlan &plan) {
  if (plan.nodes.empty())
    return false;
  for (size_t k = 0; k < plan.nodes.size(); ++k) {
    const PlanNode &node = plan.nodes[k];
    bool leaf = node.left < 0 && node.right < 0;
    if (!leaf && (node.left < 0 || node.right < 0 ||
                  std::max(node.left, node.right) >= int64_t(k)))
      return false;
  }
  return true;
}

namespace {
/// A node where the walk meets it.
struct Visit {
  size_t node, depth;
};
} // namespace

/// Nodes from the root, each before its operands, left ones first.
static std::vector<Visit> walk(const SitePlan &plan) {
  std::vector<Visit> visits, stack;
  if (isTree(plan))
    stack.push_back({plan.nodes.size() - 1, 0});
  // A file may hold a graph in which paths are many: no tree is longer.
  while (!stack.empty() && visits.size() < plan.nodes.size()) {
    Visit visit = stack.back();
    stack.pop_back();
    visits.push_back(visit);
    const PlanNode &node = plan.nodes[visit.node];
    if (node.left < 0)
      continue;
    stack.push_back({size_t(node.right), visit.depth + 1});
    stack.push_back({size_t(node.left), visit.depth + 1});
  }
  return visits;
}

std::string planText(const SitePlan &plan) {
  if (plan.text.empty())
    return {};
  std::string text = "    plan: " + plan.text + "\n";
  if (!isTree(plan))
    return text;
  text += "          " + planChange(plan) + "\n";
  std::vector<Visit> visits = walk(plan);
  if (visits.size() > kMostLines)
    return text + "          a tree of " + std::to_string(visits.size()) +
           " tensors: --report draws it\n";
  for (const Visit &visit : visits) {
    const PlanNode &node = plan.nodes[visit.node];
    text += "          " + std::string(2 * visit.depth, ' ') + lettersOf(node);
    if (node.left >= 0)
      text += "  " + amount(node.products, "");
    text += "\n";
  }
  return text;
}

void planJson(Json &json, const SitePlan &plan) {
  json.open("plan", '{');
  json.text("text", plan.text);
  json.number("products_before", plan.productsBefore);
  json.number("products_after", plan.productsAfter);
  json.number("bytes_before", plan.bytesBefore);
  json.number("bytes_after", plan.bytesAfter);
  json.number("peak_before", plan.peakBefore);
  json.number("peak_after", plan.peakAfter);
  json.open("nodes", '[');
  for (const PlanNode &node : plan.nodes) {
    json.open(nullptr, '{');
    json.text("letters", node.letters);
    json.number("entries", node.entries);
    json.number("products", node.products);
    json.integer("left", node.left);
    json.integer("right", node.right);
    json.close('}');
  }
  json.close(']');
  json.close('}');
}

std::string planSvg(const SitePlan &plan) {
  std::vector<Visit> visits = walk(plan);
  if (visits.empty())
    return {};
  // Operands side by side in the order of the walk, a product over the middle
  // of its two.
  constexpr double kWide = 96, kHigh = 56, kRadius = 5;
  std::vector<double> x(plan.nodes.size()), y(plan.nodes.size());
  double leaves = 0;
  size_t deepest = 0;
  for (const Visit &visit : visits) {
    y[visit.node] = 24 + kHigh * double(visit.depth);
    deepest = std::max(deepest, visit.depth);
    if (plan.nodes[visit.node].left < 0)
      x[visit.node] = kWide * (leaves++ + 0.5);
  }
  for (auto visit = visits.rbegin(); visit != visits.rend(); ++visit)
    if (const PlanNode &node = plan.nodes[visit->node]; node.left >= 0)
      x[visit->node] = (x[size_t(node.left)] + x[size_t(node.right)]) / 2;
  double most = 1;
  for (const PlanNode &node : plan.nodes)
    most = std::max(most, node.products);
  double width = kWide * std::max(1.0, leaves);
  double height = 48 + kHigh * double(deepest);
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" +
                    format("%.0f", width) + "\" height=\"" +
                    format("%.0f", height) +
                    "\" font-family=\"sans-serif\" font-size=\"11\">\n";
  for (const Visit &visit : visits) {
    const PlanNode &node = plan.nodes[visit.node];
    if (node.left < 0)
      continue;
    for (int32_t side : {node.left, node.right})
      svg += "<line x1=\"" + format("%.1f", x[visit.node]) + "\" y1=\"" +
             format("%.1f", y[visit.node]) + "\" x2=\"" +
             format("%.1f", x[size_t(side)]) + "\" y2=\"" +
             format("%.1f", y[size_t(side)]) + "\" stroke=\"#888\"/>\n";
  }
  for (const Visit &visit : visits) {
    const PlanNode &node = plan.nodes[visit.node];
    bool product = node.left >= 0;
    // Redder is dearer.
    double share = product ? node.products / most : 0;
    std::string colour =
        product ? "hsl(" + format("%.0f", 210 - 210 * share) + ",70%,50%)"
                : "#bbb";
    std::string at = " x=\"" + format("%.1f", x[visit.node]) + "\" ";
    svg +=
        "<circle cx=\"" + format("%.1f", x[visit.node]) + "\" cy=\"" +
        format("%.1f", y[visit.node]) + "\" r=\"" + format("%.1f", kRadius) +
        "\" fill=\"" + colour + "\"><title>" + escaped(lettersOf(node)) + ", " +
        amount(node.entries, "") + " entries" +
        (product ? ", " + amount(node.products, "") + " multiplications" : "") +
        "</title></circle>\n";
    svg += "<text" + at + "y=\"" +
           format("%.1f", y[visit.node] + (product ? -9 : 18)) +
           "\" text-anchor=\"middle\">" + escaped(lettersOf(node)) +
           "</text>\n";
  }
  return svg + "</svg>\n";
}

} // namespace noodle::engine
