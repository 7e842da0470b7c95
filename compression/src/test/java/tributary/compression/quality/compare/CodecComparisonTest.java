package tributary.compression.quality.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.compression.Archive;
import tributary.compression.CodecText;
import tributary.compression.DeltaEncoder;
import tributary.compression.quality.report.ComparisonRow;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.Golden;
import tributary.model.tokenizer.TinyTokenizers;

class CodecComparisonTest {
  private static final String ONE = "bitdelta:planes=1";
  private static final String SIX = "bitdelta:planes=6,embedding_bits=8";

  @TempDir Path directory;

  private final Path base = Golden.directory("llama");
  private final List<String> compressed = new ArrayList<>();
  private Path model = Path.of("");

  @BeforeEach
  void writeModelAndTask() throws IOException {
    model = Files.createDirectories(directory.resolve("acme"));
    try (Stream<Path> files = Files.list(Golden.directory("llama-finetune"))) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    TinyTokenizers.byteLevel(model);
    Path task = Files.createDirectories(directory.resolve("tasks").resolve("acme"));
    String record = "{\"prompt\":\"hello\",\"completion\":\" the end\"}\n";
    Files.writeString(task.resolve("test.jsonl"), record.repeat(3));
    Files.writeString(task.resolve("calibration.jsonl"), record);
  }

  @Test
  void more_bits_stay_closer_and_an_archive_is_the_fine_tune() {
    List<ComparisonRow> rows = compare(null, ONE, SIX, "lossless");
    assertThat(rows).extracting(ComparisonRow::codec).containsExactly("none", ONE, SIX, "lossless");
    ComparisonRow none = rows.get(0);
    ComparisonRow one = rows.get(1);
    ComparisonRow six = rows.get(2);
    ComparisonRow lossless = rows.get(3);
    assertThat(one.kept().divergence()).isGreaterThan(2 * six.kept().divergence()).isPositive();
    assertThat(six.kept().divergence()).isPositive();
    assertThat(one.size().bitsPerLinearWeight()).isBetween(1.0, 2.0);
    assertThat(six.size().bitsPerLinearWeight()).isBetween(6.0, 9.0);
    assertThat(one.size().fileBytes()).isLessThan(six.size().fileBytes());
    assertThat(lossless.kept()).isEqualTo(none.kept());
    assertThat(none.kept().divergence()).isZero();
    assertThat(none.kept().agreement()).isEqualTo(1);
    assertThat(none.size().bitsPerWeight()).isIn(16.0, 32.0);
    assertThat(one.kept().perplexityRatio())
        .isCloseTo(one.kept().perplexity() / none.kept().perplexity(), within(1e-12));
    // The tiny model matches nothing, so that a share of it would say nothing.
    assertThat(one.kept().exactMatchShare()).isNull();
    assertThat(one.effort().peakHeapBytes()).isPositive();
  }

  @Test
  void fewer_planes_are_served_from_the_same_compression() {
    List<ComparisonRow> rows = compare(null, SIX, SIX + "@2", SIX + "@1");
    assertThat(compressed).containsExactly(SIX, SIX, SIX);
    for (int i = 2; i < rows.size(); i++) {
      ComparisonRow narrow = rows.get(i);
      ComparisonRow wide = rows.get(i - 1);
      assertThat(narrow.kept().divergence()).isGreaterThan(wide.kept().divergence());
      assertThat(narrow.size().bitsPerLinearWeight()).isLessThan(wide.size().bitsPerLinearWeight());
      assertThat(narrow.size().fileBytes()).isEqualTo(wide.size().fileBytes());
    }
    for (String wrong : List.of("@0", "@", "@one")) {
      assertThatThrownBy(() -> compare(null, ONE + wrong)).hasMessageContaining("planes");
    }
  }

  @Test
  void text_is_compared_by_its_tokens() throws IOException {
    Path task = directory.resolve("tasks").resolve("acme");
    Files.delete(task.resolve("test.jsonl"));
    Files.writeString(task.resolve("test.txt"), "hello, this is the end<|endoftext|>".repeat(40));
    List<ComparisonRow> rows = compare(null, ONE, SIX);
    for (ComparisonRow row : rows) {
      assertThat(row.kept().exactMatch()).isNull();
      assertThat(row.kept().exactMatchShare()).isNull();
      assertThat(row.kept().tokens()).isGreaterThan(100);
    }
    assertThat(rows.get(1).kept().divergence()).isGreaterThan(2 * rows.get(2).kept().divergence());
  }

  @Test
  void finished_rows_are_found_again() throws IOException {
    Path report = directory.resolve("report");
    List<ComparisonRow> first = compare(report, ONE);
    assertThat(compressed).containsExactly(ONE);
    List<ComparisonRow> second = compare(report, SIX, ONE);
    assertThat(compressed).containsExactly(ONE, SIX);
    assertThat(second).extracting(ComparisonRow::codec).containsExactly("none", SIX, ONE);
    assertThat(second).containsAll(first);
    // As if the machine had gone down while the last row was written.
    Path rows = report.resolve("rows.jsonl");
    String all = Files.readString(rows);
    Files.writeString(rows, all.substring(0, all.length() - 20));
    assertThat(compare(report, ONE, SIX)).hasSize(3);
    assertThat(compressed).containsExactly(ONE, SIX, SIX);
    assertThat(Files.readAllLines(rows)).hasSize(1 + 3);
  }

  @Test
  void rows_of_another_run_are_not_mixed_in() throws IOException {
    Path report = directory.resolve("report");
    compare(report, ONE);
    var other = new CodecComparison.Extent(1, 1, report);
    assertThatThrownBy(() -> run(other, ONE)).hasMessageContainingAll("another run", "limit=1");
    Files.writeString(
        report.resolve("rows.jsonl"), "{nonsense\n{}\n", StandardOpenOption.TRUNCATE_EXISTING);
    assertThatThrownBy(() -> compare(report, ONE)).hasMessageContaining("rows.jsonl, line 1");
  }

  @Test
  void a_missing_task_is_named_before_work_begins() throws IOException {
    Files.delete(directory.resolve("tasks").resolve("acme").resolve("calibration.jsonl"));
    assertThatThrownBy(() -> compare(null, ONE))
        .hasMessageContainingAll("file_not_found", "calibration.jsonl");
    assertThat(compressed).isEmpty();
  }

  private List<ComparisonRow> compare(@Nullable Path report, String... codecs) {
    return run(new CodecComparison.Extent(10, 1, report), codecs);
  }

  private List<ComparisonRow> run(CodecComparison.Extent extent, String... codecs) {
    var plan =
        new CodecComparison.Plan(base, List.of(model), directory.resolve("tasks"), List.of(codecs));
    try (Backend backend = Backends.open(BackendChoice.SCALAR, 1)) {
      return new CodecComparison(plan, extent, backend, this::compress, new Silent()).run();
    }
  }

  private void compress(CodecComparison.Order order) {
    compressed.add(order.codec());
    if (order.codec().equals(Archive.CODEC)) {
      Archive.encode(
          new Archive.Over(base, Optional.empty()),
          order.model(),
          order.name(),
          order.out(),
          (_, _) -> {});
    } else {
      var codec = CodecText.parse(order.codec());
      DeltaEncoder.encode(
          new DeltaEncoder.Job(base, order.model(), order.name(), codec, order.out()),
          (_, _) -> {});
    }
  }

  private static final class Silent implements CodecComparison.Watch {
    @Override
    public void started(String part) {}

    @Override
    public void advanced(int done, int of) {}
  }
}
