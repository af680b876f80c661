/* Prints the layout of every public struct, for check_library.py. */
#include "noodle-c/noodle.h"
#include <stdio.h>

#define STRUCT(s) printf("struct %s size %zu\n", #s, sizeof(s))
#define FIELD(s, f) printf("field %s.%s offset %zu\n", #s, #f, offsetof(s, f))

int main(void) {
  printf("version %d\n", NOODLE_API_VERSION);
  STRUCT(noodle_executor);
  FIELD(noodle_executor, data);
  FIELD(noodle_executor, concurrency);
  FIELD(noodle_executor, run);
  STRUCT(noodle_engine_options);
  FIELD(noodle_engine_options, threads);
  FIELD(noodle_engine_options, executor);
  FIELD(noodle_engine_options, cache_dir);
  FIELD(noodle_engine_options, cache_bytes);
  FIELD(noodle_engine_options, worker_path);
  FIELD(noodle_engine_options, log);
  FIELD(noodle_engine_options, log_data);
  STRUCT(noodle_compile_options);
  FIELD(noodle_compile_options, entry);
  FIELD(noodle_compile_options, name);
  FIELD(noodle_compile_options, strategy);
  FIELD(noodle_compile_options, fp);
  FIELD(noodle_compile_options, cpu);
  FIELD(noodle_compile_options, strict);
  FIELD(noodle_compile_options, profile);
  FIELD(noodle_compile_options, isolate);
  FIELD(noodle_compile_options, optimise_less);
  STRUCT(noodle_type);
  FIELD(noodle_type, layout);
  FIELD(noodle_type, extents);
  STRUCT(noodle_tensor);
  FIELD(noodle_tensor, layout);
  FIELD(noodle_tensor, element);
  FIELD(noodle_tensor, rank);
  FIELD(noodle_tensor, position_width);
  FIELD(noodle_tensor, coordinate_width);
  FIELD(noodle_tensor, stored);
  FIELD(noodle_tensor, values);
  FIELD(noodle_tensor, positions);
  FIELD(noodle_tensor, coordinates);
  FIELD(noodle_tensor, extents);
  FIELD(noodle_tensor, strides);
  STRUCT(noodle_call_options);
  FIELD(noodle_call_options, memory_limit);
  FIELD(noodle_call_options, deadline_ms);
  FIELD(noodle_call_options, cancel);
  FIELD(noodle_call_options, trusted);
  FIELD(noodle_call_options, receipt);
  STRUCT(noodle_receipt_site);
  FIELD(noodle_receipt_site, id);
  FIELD(noodle_receipt_site, op);
  FIELD(noodle_receipt_site, text);
  FIELD(noodle_receipt_site, place);
  FIELD(noodle_receipt_site, strategy);
  FIELD(noodle_receipt_site, why);
  FIELD(noodle_receipt_site, lost);
  FIELD(noodle_receipt_site, predicted_seconds);
  FIELD(noodle_receipt_site, measured_seconds);
  FIELD(noodle_receipt_site, flops);
  FIELD(noodle_receipt_site, bytes);
  FIELD(noodle_receipt_site, calls);
  return 0;
}
