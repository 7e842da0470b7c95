package tributary.compression.quality.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tributary.compression.DecodedModel;
import tributary.compression.quality.Evaluation;
import tributary.compression.quality.Evaluation.Variant;
import tributary.compression.quality.Fidelity;
import tributary.compression.quality.Quality;
import tributary.compression.quality.report.ComparisonRow;
import tributary.compression.quality.report.ComparisonRow.Effort;
import tributary.compression.quality.report.ComparisonRow.Kept;
import tributary.compression.quality.report.ComparisonRow.Size;
import tributary.gpu.Backend;
import tributary.model.BaseModel;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.Fingerprint;

/**
 * Compresses each fine-tune with each codec and measures all of them against the fine-tune on its
 * task. A few variants go through the records together, as dense models, so that the fine-tune is
 * computed once for all of them.
 */
public final class CodecComparison {
  private static final String ROWS = "rows.jsonl";
  private static final String TEST = "test";
  private static final String CALIBRATION = "calibration";
  private static final String RECORDS = ".jsonl";
  private static final String TEXT = ".txt";

  /** Variants that are in memory beside the fine-tune. */
  private static final int VARIANTS_TOGETHER = 4;

  /** A fine-tune that matches fewer of its own records says nothing by which of them are kept. */
  private static final double EXACT_MATCH_MIN = 0.1;

  /**
   * What to compare.
   *
   * @param base directory of the base
   * @param models directories of fine-tunes, which are called by their last names
   * @param tasks directory with a directory of the same name for each fine-tune, which holds {@code
   *     test} and {@code calibration}, each as {@value #RECORDS} or as {@value #TEXT}
   * @param codecs as {@link Served} reads them, each once
   */
  public record Plan(Path base, List<Path> models, Path tasks, List<String> codecs) {}

  /**
   * How much of it.
   *
   * @param limit test records, or windows of text, of each task
   * @param samples calibration records of each task
   * @param directory where finished rows are kept and found again; null to keep none
   */
  public record Extent(int limit, int samples, @Nullable Path directory) {}

  /** One compression. */
  public record Order(Path model, String name, String codec, Path calibration, Path out) {}

  /** Compresses a fine-tune into a delta file. */
  @FunctionalInterface
  public interface Compressor {
    void compress(Order order);
  }

  /** Is told how the work goes on. */
  public interface Watch {
    /** Another part of the work begins. */
    void started(String part);

    void advanced(int done, int of);
  }

  private final Plan plan;
  private final Extent extent;
  private final Backend backend;
  private final Compressor compressor;
  private final Watch watch;

  public CodecComparison(
      Plan plan, Extent extent, Backend backend, Compressor compressor, Watch watch) {
    this.plan = plan;
    this.extent = extent;
    this.backend = backend;
    this.compressor = compressor;
    this.watch = watch;
  }

  /** All rows, fine-tune by fine-tune in the order of codecs; those found are not made again. */
  public List<ComparisonRow> run() {
    requireInputs();
    Path scratch = null;
    try {
      RowFile rows = rows();
      scratch = Files.createTempDirectory("tributary-compare");
      for (Path model : plan.models) {
        compare(model, rows, scratch);
      }
      return ordered(rows);
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE,
          "the comparison's directory cannot be written: " + e.getMessage(),
          e);
    } finally {
      delete(scratch);
    }
  }

  private RowFile rows() throws IOException {
    if (extent.directory == null) {
      return RowFile.inMemory();
    }
    Files.createDirectories(extent.directory);
    try (Checkpoint base = Checkpoint.open(plan.base)) {
      var common = new RowFile.Common(Fingerprint.of(base), extent.limit, extent.samples);
      return RowFile.open(extent.directory.resolve(ROWS), common);
    }
  }

  private void compare(Path model, RowFile rows, Path scratch) {
    String name = name(model);
    List<String> codecs = plan.codecs.stream().filter(codec -> !rows.holds(name, codec)).toList();
    if (codecs.isEmpty()) {
      return;
    }
    try (BaseModel tuned = BaseModel.load(model, backend)) {
      for (int first = 0; first < codecs.size(); first += VARIANTS_TOGETHER) {
        int end = Math.min(first + VARIANTS_TOGETHER, codecs.size());
        List<Candidate> candidates = new ArrayList<>();
        for (String codec : codecs.subList(first, end)) {
          candidates.add(compress(model, codec, scratch.resolve(candidates.size() + ".delta")));
        }
        measure(model, tuned, candidates, rows);
      }
    }
  }

  /** A compressed fine-tune before it is measured. */
  private record Candidate(String codec, Path file, Size size, Effort effort) {}

  private Candidate compress(Path model, String codec, Path out) {
    String name = name(model);
    watch.started("compress %s %s".formatted(name, codec));
    Path calibration = input(model, CALIBRATION);
    Served served = Served.parse(codec);
    try (PeakHeap heap = PeakHeap.watch()) {
      long start = System.nanoTime();
      compressor.compress(new Order(model, name, served.codec(), calibration, out));
      double seconds = (System.nanoTime() - start) / 1e9;
      Effort effort = new Effort(seconds, heap.peak().count());
      return new Candidate(codec, out, DeltaSizes.of(out, model, served.width()), effort);
    }
  }

  private void measure(Path model, BaseModel tuned, List<Candidate> candidates, RowFile rows) {
    String name = name(model);
    watch.started("measure %s, %d codecs".formatted(name, candidates.size()));
    List<BaseModel> decoded = new ArrayList<>();
    try {
      List<Variant> variants = new ArrayList<>(List.of(Variant.of(tuned)));
      for (Candidate candidate : candidates) {
        int width = Served.parse(candidate.codec).width();
        decoded.add(DecodedModel.load(plan.base, candidate.file, tuned.config(), backend, width));
        variants.add(Variant.of(decoded.getLast()));
      }
      try (Evaluation evaluation = Evaluation.open(model, variants)) {
        Path test = input(model, TEST);
        List<Fidelity> found =
            test.toString().endsWith(RECORDS)
                ? evaluation.task(test, extent.limit, watch::advanced)
                : evaluation.text(test, extent.limit, watch::advanced);
        Quality own = found.getFirst().quality();
        if (!rows.holds(name, ComparisonRow.UNCOMPRESSED)) {
          rows.add(uncompressed(model, kept(own, found.getFirst())));
        }
        for (int index = 0; index < candidates.size(); index++) {
          Candidate one = candidates.get(index);
          Kept kept = kept(own, found.get(index + 1));
          rows.add(new ComparisonRow(name, one.codec, one.size, kept, one.effort));
        }
      }
    } finally {
      decoded.forEach(BaseModel::close);
    }
    candidates.forEach(candidate -> delete(candidate.file));
  }

  private static ComparisonRow uncompressed(Path model, Kept kept) {
    return new ComparisonRow(
        name(model),
        ComparisonRow.UNCOMPRESSED,
        DeltaSizes.uncompressed(model),
        kept,
        new Effort(0, 0));
  }

  private static Kept kept(Quality own, Fidelity fidelity) {
    Quality quality = fidelity.quality();
    Double ownMatch = own.exactMatch();
    Double match = quality.exactMatch();
    boolean tells = ownMatch != null && match != null && ownMatch >= EXACT_MATCH_MIN;
    return new Kept(
        match,
        tells ? Objects.requireNonNull(match) / Objects.requireNonNull(ownMatch) : null,
        quality.perplexity(),
        quality.perplexity() / own.perplexity(),
        fidelity.divergence(),
        fidelity.agreement(),
        quality.records(),
        quality.tokens());
  }

  private List<ComparisonRow> ordered(RowFile rows) {
    List<String> codecs =
        Stream.concat(Stream.of(ComparisonRow.UNCOMPRESSED), plan.codecs.stream()).toList();
    List<ComparisonRow> ordered = new ArrayList<>();
    for (Path model : plan.models) {
      for (String codec : codecs) {
        rows.rows().stream()
            .filter(row -> row.model().equals(name(model)) && row.codec().equals(codec))
            .forEach(ordered::add);
      }
    }
    return ordered;
  }

  /** Hours of work should not end at a file that could have been missed at once. */
  private void requireInputs() {
    for (Path model : plan.models) {
      for (String file : List.of(TEST, CALIBRATION)) {
        Path path = input(model, file);
        if (!Files.isRegularFile(path)) {
          throw new TributaryException(
              ErrorCode.FILE_NOT_FOUND,
              "%s does not exist; each fine-tune needs %s and %s, each %s or %s, under its name"
                  .formatted(path, TEST, CALIBRATION, RECORDS, TEXT));
        }
      }
    }
    plan.codecs.forEach(Served::parse);
  }

  /** Text where there is text and no records. */
  private Path input(Path model, String name) {
    Path directory = plan.tasks.resolve(name(model));
    Path text = directory.resolve(name + TEXT);
    Path records = directory.resolve(name + RECORDS);
    return Files.exists(text) && !Files.exists(records) ? text : records;
  }

  private static String name(Path model) {
    return model.toAbsolutePath().normalize().getFileName().toString();
  }

  private static void delete(@Nullable Path path) {
    if (path == null) {
      return;
    }
    try (Stream<Path> below = Files.exists(path) ? Files.walk(path) : Stream.empty()) {
      for (Path each : below.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(each);
      }
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE, "%s cannot be deleted".formatted(path), e);
    }
  }
}
