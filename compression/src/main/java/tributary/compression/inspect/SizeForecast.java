package tributary.compression.inspect;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import tributary.compression.Codec;
import tributary.model.Families;
import tributary.model.ModelConfig;
import tributary.model.network.Network;
import tributary.model.network.Parameter;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaForecast;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.format.BitStream;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.GroupStatistics;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/**
 * What the delta of a model would take of which nothing but the shapes is known, each of its
 * tensors having changed. Scales and other statistics are fp16, exact values have 16 bits.
 *
 * @param ratio original bytes over file bytes
 * @param bitsPerWeight bits of the file per weight
 * @param frameShares what frames are taken to leave of each part; empty for a file without frames
 */
public record SizeForecast(
    @JsonProperty("codec") String codec,
    @JsonProperty("settings") Map<String, String> settings,
    @JsonProperty("weights") long weights,
    @JsonProperty("original_bytes") long originalBytes,
    @JsonProperty("resident_bytes") long residentBytes,
    @JsonProperty("file_bytes") long fileBytes,
    @JsonProperty("ratio") double ratio,
    @JsonProperty("bits_per_weight") double bitsPerWeight,
    @JsonProperty("resident_bits_per_weight") double residentBitsPerWeight,
    @JsonProperty("frame_shares") Map<String, Double> frameShares) {
  private static final int STATISTIC_BITS = 3;
  private static final int RUN_ROWS = 16;

  /**
   * The sizes for a model's shapes.
   *
   * @param frameShares of a delta that is taken to be alike, see {@link DeltaFile#frameShares};
   *     needed by codecs whose parts are framed
   */
  public static SizeForecast of(ModelConfig config, Codec codec, Map<String, Double> frameShares) {
    if (codec.storage().zstd() && frameShares.isEmpty()) {
      throw new TributaryException(
          ErrorCode.USAGE,
          "what frames save depends on the weights; name a delta file of this codec with --like");
    }
    Map<String, Double> shares = codec.storage().zstd() ? frameShares : Map.of();
    SequencedMap<String, DeltaTensor> tensors = tensors(config, codec);
    long weights = 0;
    long resident = 0;
    long codebook = 0;
    for (DeltaTensor tensor : tensors.values()) {
      if (tensor instanceof DeltaTensor.Coded coded) {
        weights += (long) coded.code().rows() * coded.code().columns();
        resident += coded.size().count();
        codebook =
            coded.code() instanceof VectorCodes vector
                ? MatrixCode.halfBytes(vector.codebook().length)
                : codebook;
      } else if (tensor instanceof DeltaTensor.Replaced(TensorView value)) {
        weights += value.shape().elements();
        resident += value.data().byteSize();
      }
    }
    long original = Math.multiplyExact(weights, (long) Short.BYTES);
    var manifest =
        new DeltaManifest(
            codec.name(),
            codec.settings(),
            "0".repeat(64),
            config.architecture(),
            original,
            weights);
    long file = DeltaForecast.size(manifest, tensors, shares).count();
    long all = resident + codebook;
    return new SizeForecast(
        codec.name(),
        codec.settings(),
        weights,
        original,
        all,
        file,
        (double) original / file,
        8.0 * file / weights,
        8.0 * all / weights,
        new TreeMap<>(shares));
  }

  private static SequencedMap<String, DeltaTensor> tensors(ModelConfig config, Codec codec) {
    Network network = Families.network(config);
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    for (Parameter parameter : network.parameters().all()) {
      switch (parameter) {
        case Parameter.Matrix matrix when matrix.tiedTo() == null ->
            tensors.put(matrix.name(), tensor(matrix, codec));
        case Parameter.Vector vector when vector.inBase() ->
            tensors.put(vector.name(), exact(vector.shape()));
        case Parameter.Matrix _, Parameter.Vector _ -> {
          // A tied head and a bias that the base lacks take nothing.
        }
      }
    }
    return tensors;
  }

  private static DeltaTensor exact(Shape shape) {
    long bytes = Math.multiplyExact(shape.elements(), (long) Short.BYTES);
    return new DeltaTensor.Replaced(new TensorView(DType.BF16, shape, DeltaForecast.sized(bytes)));
  }

  private static DeltaTensor tensor(Parameter.Matrix matrix, Codec codec) {
    int bits = codec.storage().embeddingBits();
    if (matrix.vocabulary() && bits == Codec.EXACT_BITS) {
      return exact(matrix.shape());
    }
    MatrixCode code =
        matrix.vocabulary() ? signs(matrix, bits, matrix.rows(), false) : linear(matrix, codec);
    return new DeltaTensor.Coded(code, null, null);
  }

  private static MatrixCode linear(Parameter.Matrix matrix, Codec codec) {
    int rows = matrix.rows();
    int columns = matrix.columns();
    return switch (codec) {
      case Codec.BitDelta bitDelta ->
          signs(matrix, bitDelta.planes(), bitDelta.scales() == Codec.Scales.ROW ? rows : 1, false);
      case Codec.SignPlanes planes -> signs(matrix, planes.planes(), rows, true);
      case Codec.DeltaZip zip -> pruned(matrix, zip);
      case Codec.Spqr spqr -> grouped(matrix, spqr);
      case Codec.AnyPrecision any -> {
        List<MemorySegment> planes = new ArrayList<>();
        List<float[]> tables = new ArrayList<>();
        for (int plane = 0; plane < any.bits(); plane++) {
          planes.add(memory(SignPlanes.planeBytes(rows, columns).count()));
          tables.add(new float[rows << (plane + 1)]);
        }
        yield new LookupPlanes(rows, columns, planes, tables);
      }
      case Codec.VectorCodes vector ->
          new VectorCodes(
              rows,
              columns,
              vector.rows(),
              memory(VectorCodes.indexBytes(rows, columns, vector.rows())),
              new float[VectorCodes.VECTORS * vector.rows()],
              new float[rows]);
      case Codec.Auto _, Codec.Lossless _ ->
          throw new TributaryException(
              ErrorCode.UNKNOWN_CODEC,
              "what codec %s takes depends on the weights; compress a fine-tune with it"
                  .formatted(codec.name()));
    };
  }

  private static SignPlanes signs(Parameter.Matrix matrix, int count, int scales, boolean narrow) {
    List<SignPlanes.Plane> planes = new ArrayList<>();
    List<List<float[]>> narrowScales = new ArrayList<>();
    MemorySegment signs = memory(SignPlanes.planeBytes(matrix.rows(), matrix.columns()).count());
    for (int plane = 0; plane < count; plane++) {
      planes.add(new SignPlanes.Plane(signs, new float[scales]));
      if (narrow && plane > 0) {
        narrowScales.add(planes.subList(0, plane).stream().map(SignPlanes.Plane::scales).toList());
      }
    }
    return new SignPlanes(matrix.rows(), matrix.columns(), planes, narrowScales);
  }

  private static MatrixCode pruned(Parameter.Matrix matrix, Codec.DeltaZip zip) {
    int rows = matrix.rows();
    int columns = matrix.columns();
    int bits = zip.bits();
    int group = zip.groupColumns() == 0 ? columns : zip.groupColumns();
    int groups = Math.ceilDiv(columns, group);
    float[] scales = new float[rows * groups];
    if (zip.keep().equals("2:4")) {
      return new SparseCodes(
          rows,
          columns,
          bits,
          1 << (bits - 1),
          group,
          memory(SparseCodes.patternBytes(rows, columns)),
          memory(SparseCodes.codeBytes(rows, columns, bits)),
          scales);
    }
    MemorySegment codes = memory(GroupedCodes.codeBytes(rows, columns, bits));
    var plain = new GroupStatistics.Plain(groups, scales, new float[1]);
    return new GroupedCodes(rows, columns, bits, group, codes, plain);
  }

  /** Without outliers, whose number depends on the weights. */
  private static MatrixCode grouped(Parameter.Matrix matrix, Codec.Spqr spqr) {
    if (!Double.isInfinite(spqr.outlierThreshold())) {
      throw new TributaryException(
          ErrorCode.INVALID_PARAMETER,
          "how many outliers spqr stores depends on the weights; sizes are those of"
              + " --outliers Infinity",
          "outliers");
    }
    int rows = matrix.rows();
    int columns = matrix.columns();
    int groups = Math.ceilDiv(columns, spqr.groupColumns());
    float[] grids = new float[2 * groups * Math.ceilDiv(rows, RUN_ROWS)];
    MemorySegment codes = memory(groups * BitStream.bytes(rows, STATISTIC_BITS));
    var statistics =
        new GroupStatistics.Bilevel(
            rows, groups, STATISTIC_BITS, RUN_ROWS, codes, codes, grids, grids);
    int[] order = new int[columns];
    for (int i = 0; i < columns; i++) {
      order[i] = i;
    }
    MemorySegment stream = memory(GroupedCodes.codeBytes(rows, columns, spqr.bits()));
    var plain =
        new GroupedCodes(rows, columns, spqr.bits(), spqr.groupColumns(), stream, statistics);
    return spqr.actOrder() ? plain.withOrder(order) : plain;
  }

  /** Zeros, since some codes are laid out anew to be stored. */
  private static MemorySegment memory(long bytes) {
    return MemorySegment.ofArray(new byte[Math.toIntExact(bytes)]);
  }
}
