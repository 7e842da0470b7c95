package tributary.compression;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;

/** A way to compress differences, with its settings. */
public sealed interface Codec {
  /** Bits of a weight at which embeddings and heads are stored exactly. */
  int EXACT_BITS = 16;

  /** The name that people type and files carry. */
  String name();

  /** The settings as files carry them; {@link #named} makes the same codec of them again. */
  SortedMap<String, String> settings();

  /** True when the codec looks at records. */
  default boolean isCalibrated() {
    return true;
  }

  /**
   * What every codec of single tensors is told.
   *
   * @param embeddingBits bits per weight of embeddings and head, with scales per row: 1 to 8, or 16
   *     for exact
   * @param zstd whether stored parts are compressed once more, for the archive
   */
  record Storage(int embeddingBits, boolean zstd) {
    public Storage {
      if (embeddingBits != EXACT_BITS) {
        requireRange("embedding_bits", embeddingBits, 1, 8);
      }
    }

    static Storage of(CodecSettings settings) {
      return new Storage(settings.whole("embedding_bits", 4), settings.flag("zstd", false));
    }

    private SortedMap<String, String> with(Map<String, String> others) {
      SortedMap<String, String> all = new TreeMap<>(others);
      all.put("embedding_bits", String.valueOf(embeddingBits));
      all.put("zstd", String.valueOf(zstd));
      return all;
    }
  }

  /** How embeddings, heads and stored parts are treated. */
  Storage storage();

  /**
   * BitDelta. One plane and one scale a matrix is what was published first; a sequence of planes is
   * its published multi-bit form.
   *
   * @param planes signs per weight of a linear layer, 1 to 8
   * @param scales how many scales a plane has
   * @param fit how the scales of several planes are found
   * @param refine what is done to the scales afterwards
   */
  record BitDelta(int planes, Scales scales, Fit fit, Refine refine, Storage storage)
      implements Codec {
    public static final String NAME = "bitdelta";

    public BitDelta {
      requireRange("planes", planes, 1, 8);
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public boolean isCalibrated() {
      return refine != Refine.NONE;
    }

    @Override
    public SortedMap<String, String> settings() {
      return storage.with(
          Map.of(
              "planes", String.valueOf(planes),
              "scales", CodecSettings.wireName(scales),
              "fit", CodecSettings.wireName(fit),
              "refine", CodecSettings.wireName(refine)));
    }
  }

  /** What shares one scale. */
  enum Scales {
    /** The whole matrix, as published. */
    SCALAR,
    /** Each row, that is each output. */
    ROW
  }

  /** How the scales of several planes are found; with one plane there is no difference. */
  enum Fit {
    /** Plane after plane, each on what those before it left, as published. */
    GREEDY,
    /** All together: the least error of their sum. */
    JOINT
  }

  /** What is done to scales once signs are chosen. */
  enum Refine {
    /** Nothing. */
    NONE,
    /** They are trained until the compressed model's logits come close to the fine-tune's. */
    DISTILL,
    /** They take the closed form of least output error on calibration records. */
    CALIBRATE
  }

  /**
   * DeltaZip: pruning and quantization in one sweep that compensates each error.
   *
   * @param bits of a kept weight: 2, 3, 4 or 8
   * @param keep of how many neighbouring inputs how many are kept, such as 2:4; or a share, such as
   *     0.5; or {@code all}
   * @param faithful the published rule for scales; else scales are fitted
   * @param groupColumns inputs that share a scale; 0 for one scale a row
   */
  record DeltaZip(int bits, String keep, boolean faithful, int groupColumns, Storage storage)
      implements Codec {
    public static final String NAME = "deltazip";

    public DeltaZip {
      if (bits != 2 && bits != 3 && bits != 4 && bits != 8) {
        throw new TributaryException(
            ErrorCode.INVALID_PARAMETER, "bits is " + bits + ", wanted 2, 3, 4 or 8", "bits");
      }
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public SortedMap<String, String> settings() {
      return storage.with(
          Map.of(
              "bits", String.valueOf(bits),
              "keep", keep,
              "faithful", String.valueOf(faithful),
              "group", String.valueOf(groupColumns)));
    }
  }

  /**
   * SpQR: small groups whose scales are quantized too, and outliers beside them.
   *
   * @param bits of a code, 2 to 8
   * @param groupColumns inputs of a group
   * @param outlierThreshold relative to the mean sensitivity; larger means fewer outliers, infinity
   *     none
   * @param actOrder whether inputs are taken by falling sensitivity
   */
  record Spqr(
      int bits, int groupColumns, double outlierThreshold, boolean actOrder, Storage storage)
      implements Codec {
    public static final String NAME = "spqr";

    public Spqr {
      requireRange("bits", bits, 2, 8);
      requireRange("group", groupColumns, 1, 1 << 16);
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public SortedMap<String, String> settings() {
      return storage.with(
          Map.of(
              "bits", String.valueOf(bits),
              "group", String.valueOf(groupColumns),
              "outliers", String.valueOf(outlierThreshold),
              "act_order", String.valueOf(actOrder)));
    }
  }

  /**
   * Any-Precision: nested clusters, so that fewer bits are a prefix of more.
   *
   * @param bits of the widest code, 1 to 8
   */
  record AnyPrecision(int bits, Storage storage) implements Codec {
    public static final String NAME = "any-precision";

    public AnyPrecision {
      requireRange("bits", bits, 1, 8);
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public SortedMap<String, String> settings() {
      return storage.with(Map.of("bits", String.valueOf(bits)));
    }
  }

  /**
   * Sign planes searched for the least change of a layer's outputs, and a factor for each row of
   * the base.
   *
   * @param planes 1 to 4
   * @param distill whether scales are trained afterwards
   */
  record SignPlanes(int planes, boolean distill, Storage storage) implements Codec {
    public static final String NAME = "sign-planes";

    public SignPlanes {
      requireRange("planes", planes, 1, 4);
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public SortedMap<String, String> settings() {
      return storage.with(
          Map.of("planes", String.valueOf(planes), "distill", String.valueOf(distill)));
    }
  }

  /**
   * Vector codes searched for the least change of a layer's outputs, and a factor for each row of
   * the base.
   *
   * @param rows that share a byte, 2 to 16: 8 / rows bits a weight
   * @param distill whether scales are trained afterwards
   */
  record VectorCodes(int rows, boolean distill, Storage storage) implements Codec {
    public static final String NAME = "vector-codes";

    public VectorCodes {
      requireRange("rows", rows, 2, 16);
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public SortedMap<String, String> settings() {
      return storage.with(Map.of("rows", String.valueOf(rows), "distill", String.valueOf(distill)));
    }
  }

  /**
   * Chooses a size for every matrix, of vector codes for linear layers and of scaled levels for
   * embeddings, by how much the fine-tune minds errors in each.
   *
   * @param goal what the sizes have to meet
   * @param distill whether scales are trained afterwards
   * @param zstd see {@link Storage}
   */
  record Auto(Goal goal, boolean distill, boolean zstd) implements Codec {
    public static final String NAME = "auto";

    @Override
    public String name() {
      return NAME;
    }

    /** The bits of embeddings are chosen, too; those given here are not used. */
    @Override
    public Storage storage() {
      return new Storage(EXACT_BITS, zstd);
    }

    @Override
    public SortedMap<String, String> settings() {
      SortedMap<String, String> settings = new TreeMap<>();
      switch (goal) {
        case Goal.Budget(double bits) -> settings.put("budget_bits", String.valueOf(bits));
        case Goal.Quality(double share) -> settings.put("keep_quality", String.valueOf(share));
      }
      settings.put("distill", String.valueOf(distill));
      settings.put("zstd", String.valueOf(zstd));
      return settings;
    }
  }

  /** What a choice of sizes has to meet. */
  sealed interface Goal {
    /** At most so many bits per weight, of everything that is kept in memory. */
    record Budget(double bits) implements Goal {
      public Budget {
        if (!(bits > 0 && bits <= EXACT_BITS)) {
          throw TributaryException.parameter("budget_bits", bits, 0, EXACT_BITS);
        }
      }
    }

    /**
     * At least this share of the fine-tune's likeliest tokens, on records that are held out;
     * refused where no size keeps it.
     */
    record Quality(double share) implements Goal {
      public Quality {
        if (!(share > 0 && share <= 1)) {
          throw TributaryException.parameter("keep_quality", share, 0, 1);
        }
      }
    }
  }

  /** An archive from which the fine-tune comes back bit by bit; nothing can be served from it. */
  record Lossless() implements Codec {
    public static final String NAME = "lossless";

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public boolean isCalibrated() {
      return false;
    }

    @Override
    public Storage storage() {
      return new Storage(EXACT_BITS, false);
    }

    @Override
    public SortedMap<String, String> settings() {
      return new TreeMap<>();
    }
  }

  private static void requireRange(String name, int found, int min, int max) {
    if (found < min || found > max) {
      throw TributaryException.parameter(name, found, min, max);
    }
  }

  /** The codec of this name; settings that are not given take their defaults. */
  static Codec named(String name, Map<String, String> settings) {
    CodecSettings taken = new CodecSettings(name, settings);
    if (name.equals(Lossless.NAME)) {
      return taken.done(new Lossless());
    }
    if (name.equals(Auto.NAME)) {
      return taken.done(auto(taken));
    }
    Storage storage = Storage.of(taken);
    return taken.done(
        switch (name) {
          case BitDelta.NAME ->
              new BitDelta(
                  taken.whole("planes", 2),
                  taken.choice("scales", Scales.ROW),
                  taken.choice("fit", Fit.JOINT),
                  taken.choice("refine", Refine.NONE),
                  storage);
          case DeltaZip.NAME ->
              new DeltaZip(
                  taken.whole("bits", 2),
                  taken.text("keep", "2:4"),
                  taken.flag("faithful", false),
                  taken.whole("group", 0),
                  storage);
          case Spqr.NAME ->
              new Spqr(
                  taken.whole("bits", 3),
                  taken.whole("group", 16),
                  taken.number("outliers", 0.2),
                  taken.flag("act_order", true),
                  storage);
          case AnyPrecision.NAME -> new AnyPrecision(taken.whole("bits", 4), storage);
          case SignPlanes.NAME ->
              new SignPlanes(taken.whole("planes", 2), taken.flag("distill", false), storage);
          case VectorCodes.NAME ->
              new VectorCodes(taken.whole("rows", 4), taken.flag("distill", false), storage);
          default ->
              throw new TributaryException(
                  ErrorCode.UNKNOWN_CODEC,
                  "codec %s is unknown; this build encodes %s"
                      .formatted(
                          Quoted.of(name),
                          String.join(
                              ", ",
                              BitDelta.NAME,
                              DeltaZip.NAME,
                              Spqr.NAME,
                              AnyPrecision.NAME,
                              SignPlanes.NAME,
                              VectorCodes.NAME,
                              Auto.NAME,
                              Lossless.NAME)));
        });
  }

  private static Codec auto(CodecSettings taken) {
    double bits = taken.number("budget_bits", 0);
    double share = taken.number("keep_quality", 0);
    if ((bits == 0) == (share == 0)) {
      throw new TributaryException(
          ErrorCode.USAGE, "codec auto wants one of budget_bits and keep_quality");
    }
    Goal goal = bits != 0 ? new Goal.Budget(bits) : new Goal.Quality(share);
    return new Auto(goal, taken.flag("distill", false), taken.flag("zstd", false));
  }
}
