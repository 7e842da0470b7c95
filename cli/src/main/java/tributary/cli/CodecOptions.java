package tributary.cli;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tributary.compression.Codec;
import tributary.compression.DeltaEncoder;
import tributary.gpu.Backend;

/** Which codec, with which settings, and what it looks at. */
final class CodecOptions {
  private static final String CODECS =
      "bitdelta, deltazip, spqr, any-precision, sign-planes, vector-codes, auto or lossless";

  @Option(
      names = "--codec",
      defaultValue = Codec.BitDelta.NAME,
      paramLabel = "NAME",
      description = "How to compress: " + CODECS + " (default: ${DEFAULT-VALUE}).")
  private String codec = Codec.BitDelta.NAME;

  @Option(
      names = "--bits",
      paramLabel = "B",
      description = "deltazip: 2, 3, 4 or 8; spqr: 2 to 8; any-precision: 1 to 8.")
  private @Nullable String bits;

  @Option(
      names = "--planes",
      paramLabel = "P",
      description = "Signs per weight; bitdelta: 1 to 8, sign-planes: 1 to 4 (default: 2).")
  private @Nullable String planes;

  @Option(
      names = "--rows",
      paramLabel = "R",
      description = "vector-codes: rows that share a byte, so 8 / R bits a weight (default: 4).")
  private @Nullable String rows;

  @Option(
      names = "--scales",
      paramLabel = "KIND",
      description = "bitdelta: row or scalar; scalar is as published (default: row).")
  private @Nullable String scales;

  @Option(
      names = "--fit",
      paramLabel = "KIND",
      description =
          "bitdelta: joint fits the scales of all planes together; greedy plane after plane, as"
              + " published (default: joint).")
  private @Nullable String fit;

  @Option(
      names = "--keep",
      paramLabel = "N:M",
      description =
          "deltazip: of M neighbouring inputs N are kept; or a share such as 0.5, or all (default:"
              + " 2:4).")
  private @Nullable String keep;

  @Option(
      names = "--faithful",
      description = "deltazip: the published rule for scales instead of fitted ones.")
  private boolean faithful;

  @Option(
      names = "--group",
      paramLabel = "G",
      description = "Inputs that share a scale; deltazip: 0 is a whole row (default), spqr: 16.")
  private @Nullable String group;

  @Option(
      names = "--outliers",
      paramLabel = "T",
      description = "spqr: threshold of outliers, Infinity for none (default: 0.2).")
  private @Nullable String outliers;

  @Option(
      names = "--distill",
      description =
          "bitdelta, sign-planes, vector-codes: train the scales until the logits come close to the"
              + " fine-tune's.")
  private boolean distill;

  @Option(
      names = "--budget-bits",
      paramLabel = "X",
      description = "auto: bits per weight of the whole delta.")
  private @Nullable String budgetBits;

  @Option(
      names = "--keep-quality",
      paramLabel = "Q",
      description =
          "auto: the share of tokens, such as 0.99, that must stay the likeliest on records held out;"
              + " refused where no size keeps it.")
  private @Nullable String keepQuality;

  @Option(
      names = "--embedding-bits",
      paramLabel = "E",
      description = "Bits per weight of embeddings and head: 1 to 8, or 16, exact (default: 4).")
  private @Nullable String embeddingBits;

  @Option(
      names = "--zstd",
      description = "Compress stored parts once more; they are unpacked when the file is loaded.")
  private boolean zstd;

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description =
          "Records of the fine-tune's task, JSON lines with prompt and completion, or text; needed"
              + " by every codec but bitdelta without --distill, and lossless.")
  private @Nullable Path calibration;

  @Option(
      names = "--samples",
      defaultValue = "256",
      paramLabel = "N",
      description = "Records to look at, from the first (default: ${DEFAULT-VALUE}).")
  private int samples;

  @Option(
      names = "--calibration-tokens",
      paramLabel = "N",
      description = "Tokens of all records together, at most (default: ${DEFAULT-VALUE}).")
  private long tokens = DeltaEncoder.Calibration.USUAL_TOKENS;

  @Mixin private BackendOptions backend = new BackendOptions();

  Codec codec() {
    Map<String, String> settings = new TreeMap<>();
    put(settings, "bits", bits);
    put(settings, "planes", planes);
    put(settings, "rows", rows);
    put(settings, "scales", scales);
    put(settings, "fit", fit);
    put(settings, "keep", keep);
    put(settings, "faithful", faithful ? "true" : null);
    put(settings, "group", group);
    put(settings, "outliers", outliers);
    boolean trained = codec.equals(Codec.BitDelta.NAME);
    put(settings, trained ? "refine" : "distill", distill ? (trained ? "distill" : "true") : null);
    put(settings, "budget_bits", budgetBits);
    put(settings, "keep_quality", keepQuality);
    put(settings, "embedding_bits", embeddingBits);
    put(settings, "zstd", zstd ? "true" : null);
    return Codec.named(codec, settings);
  }

  /**
   * What the codec looks at; the caller closes the backend.
   *
   * @param layers where finished layers are kept; null to keep none
   */
  Optional<DeltaEncoder.Calibration> calibration(Backend opened, @Nullable Path layers) {
    return Optional.ofNullable(calibration)
        .map(file -> new DeltaEncoder.Calibration(file, samples, tokens, opened, layers));
  }

  Backend openBackend() {
    return backend.openForKernels();
  }

  private static void put(Map<String, String> settings, String key, @Nullable String value) {
    if (value != null) {
      settings.put(key, value);
    }
  }
}
