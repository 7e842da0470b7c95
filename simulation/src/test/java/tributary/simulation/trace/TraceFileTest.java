package tributary.simulation.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;
import tributary.simulation.trace.TraceRules.Fault;
import tributary.simulation.trace.TraceRules.ZeroTokens;

final class TraceFileTest {
  private static final String AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens";
  private static final String BURST =
      "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type";

  @TempDir Path directory;

  @Test
  void azure_rows_count_from_the_first_and_may_end_in_carriage_returns() throws IOException {
    assertThat(
            rows(
                AZURE + "\r\n",
                "2023-11-16 23:59:59.6805900,374,44\r\n",
                "2023-11-17 00:00:01.5,396,109\r\n",
                "2024-05-12 00:00:00+00:00,5,6"))
        .containsExactly(
            row(0, 374, 44), row(1_819_410_000L, 396, 109), row(15_292_800_319_410_000L, 5, 6));
  }

  @Test
  void burst_gpt_is_read_with_and_without_sessions() throws IOException {
    assertThat(rows(BURST + "\n", "5,1,2.5,ChatGPT,472,18,490,Conversation log\n"))
        .containsExactly(row(0, 472, 18));
    assertThat(
            rows(
                "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n",
                "5,ChatGPT,472,18,490,API log\n",
                "45.25,GPT-4,1,2,3,API log\n"))
        .containsExactly(row(0, 472, 18), row(40_250_000_000L, 1, 2));
  }

  @Test
  void delta_zip_rows_name_their_model_and_the_prompt_is_estimated() throws IOException {
    assertThat(
            rows(
                "{\"id\": 0, \"prompt\": \"123456789\", \"timestamp\": 1.5, \"model\": \"delta-9\","
                    + " \"min_tokens\": 171, \"max_tokens\": 171, \"ignore_eos\": true}\n"))
        .containsExactly(new TraceRow(Nanos.ZERO, "delta-9", 3, 171));
  }

  @Test
  void mooncake_counts_milliseconds_and_its_hashes_are_passed_over() throws IOException {
    assertThat(
            rows(
                "{\"timestamp\": 0, \"input_length\": 6955, \"output_length\": 52,"
                    + " \"hash_ids\": [46, {\"a\": 1}]}\n",
                "{\"timestamp\": 27, \"input_length\": 10, \"output_length\": 1, \"hash_ids\": []}\n"))
        .containsExactly(row(0, 6955, 52), row(27_000_000, 10, 1));
  }

  @Test
  void what_is_written_is_read_again() throws IOException {
    Path file = directory.resolve("own.jsonl");
    List<TraceRow> written =
        List.of(new TraceRow(Nanos.ZERO, "a", 1, 2), row(1_234_567_891L, 3, 4));
    try (var writer = new TraceWriter(file)) {
      written.forEach(writer::write);
    }
    assertThat(all(TraceFile.open(file, TraceRules.STRICT))).isEqualTo(written);
    Files.writeString(file, Files.readString(file).replace("\"version\":1", "\"version\":9"));
    assertThatThrownBy(() -> TraceFile.open(file, TraceRules.STRICT))
        .hasMessageContaining("line 1: the trace has version 9; this build reads 1");
  }

  @Test
  void rows_that_are_late_within_the_window_are_put_in_order() throws IOException {
    assertThat(
            rows(
                AZURE + "\n",
                "2023-11-16 00:00:02,2,2\n",
                "2023-11-16 00:00:01,1,1\n",
                "2023-11-16 00:00:03,3,3\n"))
        .containsExactly(row(0, 1, 1), row(1_000_000_000L, 2, 2), row(2_000_000_000L, 3, 3));
  }

  @Test
  void rows_that_are_later_than_that_are_refused_by_line() throws IOException {
    Path file =
        file(
            AZURE + "\n",
            "2023-11-16 00:00:05,2,2\n",
            "2023-11-16 00:00:06,2,2\n",
            "2023-11-16 00:00:01,1,1\n");
    var rules = new TraceRules(Fault.SKIP, ZeroTokens.SKIP, 1);
    assertThatThrownBy(() -> all(TraceFile.open(file, rules)))
        .isInstanceOf(TributaryException.class)
        .hasMessageContaining("line 4: it arrives 4.000 s before a row");
  }

  @Test
  void a_malformed_row_is_refused_by_line_or_left_out() throws IOException {
    for (String bad :
        List.of(
            "2023-11-16 00:00:01,1",
            "2023-11-16 00:00:01,1,x",
            "2023-11-16 00:00:01,-1,1",
            "2023-13-16 00:00:01,1,1",
            "yesterday,1,1",
            "2023-11-16 00:00:01.5+07:00,1,1")) {
      Path file = file(AZURE + "\n", "2023-11-16 00:00:00,1,1\n", bad + "\n");
      assertThatThrownBy(() -> all(TraceFile.open(file, TraceRules.STRICT)))
          .as(bad)
          .hasMessageContaining("trace_format")
          .hasMessageContaining("line 3: ");
      TraceFile lenient = TraceFile.open(file, new TraceRules(Fault.SKIP, ZeroTokens.SKIP, 0));
      assertThat(all(lenient)).hasSize(1);
      assertThat(lenient.skipped()).isEqualTo(1);
    }
  }

  @Test
  void broken_json_is_refused_by_line() throws IOException {
    String good = "{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1}\n";
    for (String bad :
        List.of("{\"timestamp\": ", "[]", good.strip() + "{}", "{\"timestamp\": 1}")) {
      Path file = file(good, bad + "\n");
      assertThatThrownBy(() -> all(TraceFile.open(file, TraceRules.STRICT)))
          .as(bad)
          .hasMessageContaining("line 2: ");
    }
  }

  @Test
  void requests_of_nothing_are_left_out_counted_as_one_token_or_refused() throws IOException {
    Path file =
        file(BURST + "\n", "5,1,2.5,GPT-4,472,0,472,API log\n", "6,1,2,GPT-4,4,5,9,API log\n");
    TraceFile skipping = TraceFile.open(file, TraceRules.STRICT);
    assertThat(all(skipping)).containsExactly(row(0, 4, 5));
    assertThat(skipping.skipped()).isEqualTo(1);
    var one = new TraceRules(Fault.REFUSE, ZeroTokens.ONE, 0);
    assertThat(all(TraceFile.open(file, one)))
        .containsExactly(row(0, 472, 1), row(1_000_000_000L, 4, 5));
    var refuse = new TraceRules(Fault.REFUSE, ZeroTokens.REFUSE, 0);
    assertThatThrownBy(() -> all(TraceFile.open(file, refuse)))
        .hasMessageContaining("line 2: it has 472 prompt and 0 output tokens");
  }

  @Test
  void a_file_of_no_known_format_says_what_is_known() throws IOException {
    Path file = file("a,b,c\n1,2,3\n");
    assertThatThrownBy(() -> TraceFile.open(file, TraceRules.STRICT))
        .hasMessageContaining("'a,b,c' begins no trace that is known: Azure");
    assertThatThrownBy(() -> TraceFile.open(directory.resolve("none"), TraceRules.STRICT))
        .hasMessageContaining("file_not_found");
  }

  @Test
  void a_line_without_end_is_refused_before_it_fills_the_memory() throws IOException {
    Path file = directory.resolve("long");
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      out.write((AZURE + "\n").getBytes(StandardCharsets.UTF_8));
      byte[] piece = "1".repeat(1 << 16).getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i <= BoundedLines.LENGTH_MAX >> 16; i++) {
        out.write(piece);
      }
    }
    assertThatThrownBy(() -> all(TraceFile.open(file, TraceRules.STRICT)))
        .hasMessageContaining("line 2: it has more than 8388608 bytes");
  }

  @Test
  void traces_are_stretched_cut_and_merged() throws IOException {
    String[] lines = {
      AZURE + "\n",
      "2023-11-16 00:00:00,1,1\n",
      "2023-11-16 00:00:02,2,2\n",
      "2023-11-16 00:00:04,3,3\n"
    };
    assertThat(all(open(lines).stretched(0.5)).getLast()).isEqualTo(row(2_000_000_000L, 3, 3));
    assertThat(all(open(lines).first(2))).hasSize(2);
    assertThat(all(open(lines).between(Nanos.ofMillis(2000), Nanos.ofMillis(4000))))
        .containsExactly(row(0, 2, 2));
    Trace merged = Trace.merged(List.of(open(lines), open(lines).stretched(0.75)));
    assertThat(all(merged).stream().map(each -> each.arrival().seconds()))
        .containsExactly(0.0, 0.0, 1.5, 2.0, 3.0, 4.0);
  }

  private Trace open(String... lines) throws IOException {
    return TraceFile.open(file(lines), TraceRules.STRICT);
  }

  private List<TraceRow> rows(String... lines) throws IOException {
    return all(open(lines));
  }

  private Path file(String... lines) throws IOException {
    Path file = Files.createTempFile(directory, "trace", "");
    Files.writeString(file, String.join("", lines));
    return file;
  }

  private static List<TraceRow> all(Trace trace) {
    var rows = new ArrayList<TraceRow>();
    try (trace) {
      for (Optional<TraceRow> row = trace.next(); row.isPresent(); row = trace.next()) {
        rows.add(row.get());
      }
    }
    return rows;
  }

  private static TraceRow row(long nanos, int prompt, int output) {
    return new TraceRow(new Nanos(nanos), null, prompt, output);
  }
}
