"""How a loop inside a program runs: the native code, and the layout of what it reads (`graphc.runtime.loop` fills that in).

A loop's block is its argument block: the address of a description, a zero, and the addresses of operands and results. The
description is a count and then so many *parts*. A *row* says what to write into an argument block in each iteration.
"""
from __future__ import annotations

PART = ("trip", "solo", "table", "steps", "words", "rows", "moving", "total", "finals", "final_count", "guard", "expected")
"""A part: how often it runs; whether one thread does it alone; the table, and the number of its steps; the argument blocks;
rows, of which the first `moving` change with the iteration; the finals, rows that say what is copied at the end; the address
of a row for the guard, and what it must be."""

ROW = ("target", "source", "offset", "stride", "mask", "first")
"""A row: the address that goes to byte `target` of the argument blocks is ``block[source] + offset + (i & mask) * stride``;
but ``block[first]``, unless that is negative, in iteration 0. A final copies from that address to ``block[target]``, and one
more word says how many bytes."""

CODE = r"""
; The address that a row says for iteration `i`: word `source` of the loop's block, and offset + (i & mask) * stride; but
; word `first`, if there is one, in iteration 0.
define internal i64 @address(ptr %block, ptr %row, i64 %i) {{
  %first_place = getelementptr i64, ptr %row, i64 5
  %first = load i64, ptr %first_place
  %has_first = icmp sge i64 %first, 0
  %at_start = icmp eq i64 %i, 0
  %starts = and i1 %has_first, %at_start
  br i1 %starts, label %start, label %later
start:
  %start_place = getelementptr i64, ptr %block, i64 %first
  %found = load i64, ptr %start_place
  ret i64 %found
later:
  %source_place = getelementptr i64, ptr %row, i64 1
  %source = load i64, ptr %source_place
  %word = getelementptr i64, ptr %block, i64 %source
  %base = load i64, ptr %word
  %offset_place = getelementptr i64, ptr %row, i64 2
  %offset = load i64, ptr %offset_place
  %stride_place = getelementptr i64, ptr %row, i64 3
  %stride = load i64, ptr %stride_place
  %mask_place = getelementptr i64, ptr %row, i64 4
  %mask = load i64, ptr %mask_place
  %index = and i64 %i, %mask
  %moved = mul i64 %index, %stride
  %near = add i64 %base, %offset
  %place = add i64 %near, %moved
  ret i64 %place
}}

; One program of a loop, see `loop.Loop`: thread 0 writes the addresses of each iteration into the argument blocks, and has
; the crew run the table.
define internal void @part(ptr %block, ptr %part, ptr %crew, i64 %threads) {{
entry:
  %trip = load i64, ptr %part
  %solo_place = getelementptr i64, ptr %part, i64 1
  %solo = load i64, ptr %solo_place
  %table_place = getelementptr i64, ptr %part, i64 2
  %table = load ptr, ptr %table_place
  %steps_place = getelementptr i64, ptr %part, i64 3
  %steps = load i64, ptr %steps_place
  %words_place = getelementptr i64, ptr %part, i64 4
  %words = load ptr, ptr %words_place
  %rows_place = getelementptr i64, ptr %part, i64 5
  %rows = load ptr, ptr %rows_place
  %moving_place = getelementptr i64, ptr %part, i64 6
  %moving = load i64, ptr %moving_place
  %total_place = getelementptr i64, ptr %part, i64 7
  %total = load i64, ptr %total_place
  %finals_place = getelementptr i64, ptr %part, i64 8
  %finals = load ptr, ptr %finals_place
  %final_count_place = getelementptr i64, ptr %part, i64 9
  %final_count = load i64, ptr %final_count_place
  %guard_place = getelementptr i64, ptr %part, i64 10
  %guard = load ptr, ptr %guard_place
  %expected_place = getelementptr i64, ptr %part, i64 11
  %expected = load i64, ptr %expected_place
  %alone = icmp ne i64 %solo, 0
  %here = select i1 %alone, i64 1, i64 %threads
  %guarded = icmp ne ptr %guard, null
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %j, %run ]
  %started = icmp ne i64 %i, 0
  %more = icmp slt i64 %i, %trip
  br i1 %more, label %ask, label %finish
ask:
  br i1 %guarded, label %look, label %fill
look:
  %flag_address = call i64 @address(ptr %block, ptr %guard, i64 %i)
  %flag_place = inttoptr i64 %flag_address to ptr
  %flag = load i8, ptr %flag_place
  %wide = zext i8 %flag to i64
  %goes_on = icmp eq i64 %wide, %expected
  br i1 %goes_on, label %fill, label %finish
fill:
  %changed = select i1 %started, i64 %moving, i64 %total
  br label %fill_head
fill_head:
  %k = phi i64 [ 0, %fill ], [ %next_k, %fill_row ]
  %unfilled = icmp ult i64 %k, %changed
  br i1 %unfilled, label %fill_row, label %run
fill_row:
  %row_start = mul i64 %k, 6
  %row = getelementptr i64, ptr %rows, i64 %row_start
  %target = load i64, ptr %row
  %target_place = getelementptr i8, ptr %words, i64 %target
  %value = call i64 @address(ptr %block, ptr %row, i64 %i)
  store i64 %value, ptr %target_place
  %next_k = add i64 %k, 1
  br label %fill_head
run:
  call void @run(ptr %crew, ptr %table, i64 %steps, i64 %here)
  %j = add i64 %i, 1
  br label %head
finish:
  br label %copy_head
copy_head:
  %f = phi i64 [ 0, %finish ], [ %next_f, %copy ]
  %uncopied = icmp ult i64 %f, %final_count
  br i1 %uncopied, label %copy, label %leave
copy:
  %final_start = mul i64 %f, 7
  %final = getelementptr i64, ptr %finals, i64 %final_start
  %result_word = load i64, ptr %final
  %result_place = getelementptr i64, ptr %block, i64 %result_word
  %result = load ptr, ptr %result_place
  %last_address = call i64 @address(ptr %block, ptr %final, i64 %i)
  %last = inttoptr i64 %last_address to ptr
  %bytes_place = getelementptr i64, ptr %final, i64 6
  %bytes = load i64, ptr %bytes_place
  call void @llvm.memcpy.p0.p0.i64(ptr %result, ptr %last, i64 %bytes, i1 false)
  %next_f = add i64 %f, 1
  br label %copy_head
leave:
  ret void
}}

; A loop: its programs one after the other.
define internal void @loop(ptr %block, ptr %crew, i64 %threads) {{
entry:
  %description = load ptr, ptr %block
  %count = load i64, ptr %description
  %first = getelementptr i64, ptr %description, i64 1
  br label %head
head:
  %k = phi i64 [ 0, %entry ], [ %next, %body ]
  %more = icmp ult i64 %k, %count
  br i1 %more, label %body, label %done
body:
  %start = mul i64 %k, 12
  %part = getelementptr i64, ptr %first, i64 %start
  call void @part(ptr %block, ptr %part, ptr %crew, i64 %threads)
  %next = add i64 %k, 1
  br label %head
done:
  ret void
}}

; A loop as a kernel, on one thread.
define i32 @graphc_loop(ptr %result, ptr %error, i64 %args, i64 %tid, i64 %threads) {{
  %block = inttoptr i64 %args to ptr
  call void @loop(ptr %block, ptr null, i64 1)
  ret i32 0
}}
"""
