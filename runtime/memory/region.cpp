//===- region.cpp - owners of result buffers ----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "memory/block.h"

#include <cassert>
#include <new>

namespace noodle::rt {

//===----------------------------------------------------------------------===//
// BlockList
//===----------------------------------------------------------------------===//

void BlockList::push(BlockHeader *block, void *owner) {
  block->owner = owner;
  block->previous = nullptr;
  block->next = first;
  if (first)
    first->previous = block;
  first = block;
}

void BlockList::remove(BlockHeader *block) {
  if (block->previous)
    block->previous->next = block->next;
  else
    first = block->next;
  if (block->next)
    block->next->previous = block->previous;
  block->owner = nullptr;
}

bool BlockList::contains(const void *payload) const {
  for (BlockHeader *block = first; block; block = block->next)
    if (block->payload() == payload)
      return true;
  return false;
}

//===----------------------------------------------------------------------===//
// Region
//===----------------------------------------------------------------------===//

Region::Region(Pool &pool, int64_t budget, Region *parent)
    : pool(pool), limit(budget > 0 ? budget : 0), parent(parent) {
  if (parent)
    parent->children.fetch_add(1, std::memory_order_relaxed);
}

Region::~Region() {
  assert(children == 0 && "a child region outlives its parent");
  clear();
  if (parent)
    parent->children.fetch_sub(1, std::memory_order_relaxed);
}

bool Region::reserve(int64_t bytes) {
  for (Region *region = this; region; region = region->parent) {
    int64_t now =
        region->used.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    if (region->limit && now > region->limit) {
      unreserve(bytes, region->parent);
      return false;
    }
  }
  return true;
}

void Region::unreserve(int64_t bytes, const Region *end) {
  for (Region *region = this; region != end; region = region->parent)
    region->used.fetch_sub(bytes, std::memory_order_relaxed);
}

void *Region::allocate(int64_t bytes) {
  if (!isBlockSize(bytes))
    return nullptr;
  int64_t rounded = roundToAlignment(bytes);
  if (!reserve(rounded))
    return nullptr;
  void *payload = pool.allocate(bytes);
  if (!payload) {
    unreserve(rounded, nullptr);
    return nullptr;
  }
  blocks.push(BlockHeader::of(payload), this);
  return payload;
}

void Region::drop(BlockHeader *block) {
  blocks.remove(block);
  unreserve(block->bytes, nullptr);
  block->pool->release(block->payload());
}

bool Region::release(void *block) {
  if (!block || !blocks.contains(block))
    return false;
  drop(BlockHeader::of(block));
  return true;
}

void Region::clear() {
  while (BlockHeader *block = blocks.newest())
    drop(block);
}

bool Region::owns(const void *address) const {
  return address && blocks.contains(address);
}

int64_t Region::usedBytes() const {
  return used.load(std::memory_order_relaxed);
}

//===----------------------------------------------------------------------===//
// The std::pmr face
//===----------------------------------------------------------------------===//

void *Region::Face::do_allocate(std::size_t bytes, std::size_t alignment) {
  void *payload = nullptr;
  if (alignment <= NOODLE_RT_ALIGNMENT &&
      bytes <= static_cast<std::size_t>(kMaxBlockBytes))
    payload = region.allocate(static_cast<int64_t>(bytes));
  if (!payload)
    throw std::bad_alloc();
  return payload;
}

// The caller vouches for the block, so no list is walked.
void Region::Face::do_deallocate(void *payload, std::size_t, std::size_t) {
  BlockHeader *block = BlockHeader::of(payload);
  assert(block->owner == &region && "not a block of this region");
  region.drop(block);
}

bool Region::Face::do_is_equal(const memory_resource &other) const noexcept {
  return this == &other;
}

} // namespace noodle::rt
