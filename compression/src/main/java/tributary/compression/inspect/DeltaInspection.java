package tributary.compression.inspect;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Bytes;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.GroupedCodes;
import tributary.tensor.format.LookupPlanes;
import tributary.tensor.format.LowRank;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;
import tributary.tensor.format.VectorCodes;

/**
 * What a delta file holds. The JSON names are relied on by scripts.
 *
 * @param residentBytes what the differences take when they are served: codes and exact tensors as
 *     they lie, statistics at two bytes a number; archives are not served
 * @param originalBytes size of the fine-tune's tensors
 * @param ratio original bytes over file bytes
 * @param bitsPerWeight bits of the file per weight of the fine-tune
 * @param residentBitsPerWeight resident bits per weight of the fine-tune
 * @param base fingerprint of the base that the delta fits
 */
public record DeltaInspection(
    @JsonProperty("format") int format,
    @JsonProperty("codec") String codec,
    @JsonProperty("settings") Map<String, String> settings,
    @JsonProperty("model") String model,
    @JsonProperty("base") String base,
    @JsonProperty("file_bytes") long fileBytes,
    @JsonProperty("resident_bytes") long residentBytes,
    @JsonProperty("original_bytes") long originalBytes,
    @JsonProperty("original_elements") long originalElements,
    @JsonProperty("ratio") double ratio,
    @JsonProperty("bits_per_weight") double bitsPerWeight,
    @JsonProperty("resident_bits_per_weight") double residentBitsPerWeight,
    @JsonProperty("tensors") List<Tensor> tensors) {
  /**
   * One difference.
   *
   * @param kind {@code signed}, {@code sparse}, {@code grouped}, {@code lookup}, {@code vector},
   *     {@code replaced} or {@code exact} (an archive)
   * @param code what the kind leaves open, for people; empty for exact values
   * @param rows of the code, or of the exact matrix; 1 for a vector
   * @param planes bits that can be left out one by one; 0 where there are none
   * @param scalesPerPlane 1, or one a row; 0 where there are no sign planes
   * @param type element type of exact parts, if there are any
   * @param bytes in the file
   * @param residentBytes when it is served
   * @param bitsPerWeight resident
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Tensor(
      @JsonProperty("name") String name,
      @JsonProperty("kind") String kind,
      @JsonProperty("code") String code,
      @JsonProperty("rows") long rows,
      @JsonProperty("columns") long columns,
      @JsonProperty("planes") int planes,
      @JsonProperty("scales_per_plane") int scalesPerPlane,
      @JsonProperty("added_rows") long addedRows,
      @JsonProperty("type") @Nullable String type,
      @JsonProperty("bytes") long bytes,
      @JsonProperty("resident_bytes") long residentBytes,
      @JsonProperty("bits_per_weight") double bitsPerWeight) {}

  /** Opens the file, reads every byte of it and describes it; a damaged file is refused. */
  public static DeltaInspection of(Path path) {
    return of(path, Integer.MAX_VALUE);
  }

  /**
   * The same, but with what is resident when each matrix is loaded at {@code width} planes at most.
   */
  public static DeltaInspection of(Path path, int width) {
    try (DeltaFile file = DeltaFile.open(path)) {
      file.verifyChecksums();
      return of(file, width);
    }
  }

  private static DeltaInspection of(DeltaFile file, int width) {
    DeltaManifest manifest = file.manifest();
    List<Tensor> tensors = new ArrayList<>();
    for (Map.Entry<String, Bytes> size : file.storedSizes().entrySet()) {
      DeltaTensor tensor = file.tensors().get(size.getKey());
      if (tensor != null) {
        DeltaTensor loaded =
            tensor instanceof DeltaTensor.Coded coded ? coded.atMost(width) : tensor;
        tensors.add(describe(size.getKey(), loaded, size.getValue()));
      }
    }
    long fileBytes = file.size().count();
    long residentBytes =
        codebookBytes(file) + tensors.stream().mapToLong(Tensor::residentBytes).sum();
    return new DeltaInspection(
        file.format(),
        manifest.codec(),
        manifest.codecSettings(),
        manifest.model(),
        manifest.baseFingerprint(),
        fileBytes,
        residentBytes,
        manifest.originalBytes(),
        manifest.originalElements(),
        (double) manifest.originalBytes() / fileBytes,
        bits(fileBytes, manifest.originalElements()),
        bits(residentBytes, manifest.originalElements()),
        tensors);
  }

  /** Codebooks are shared, so that no tensor counts them. */
  private static long codebookBytes(DeltaFile file) {
    return file.tensors().values().stream()
        .map(tensor -> tensor instanceof DeltaTensor.Coded coded ? coded.code() : null)
        .filter(VectorCodes.class::isInstance)
        .map(code -> ((VectorCodes) code).codebook())
        .distinct()
        .mapToLong(codebook -> MatrixCode.halfBytes(codebook.length))
        .sum();
  }

  private static Tensor describe(String name, DeltaTensor tensor, Bytes stored) {
    return switch (tensor) {
      case DeltaTensor.Replaced(TensorView value) ->
          exact(name, "replaced", value.shape(), value.type(), stored, value.data().byteSize());
      case DeltaTensor.Archived archive ->
          exact(name, "exact", archive.shape(), archive.type(), stored, 0);
      case DeltaTensor.Coded coded -> coded(name, coded, stored);
    };
  }

  private static Tensor exact(
      String name, String kind, Shape shape, DType type, Bytes stored, long residentBytes) {
    int rank = shape.rank();
    long columns = rank == 0 ? 1 : shape.dimension(rank - 1);
    long rows = columns == 0 ? 0 : shape.elements() / columns;
    double bits = bits(residentBytes, shape.elements());
    return new Tensor(
        name, kind, "", rows, columns, 0, 0, 0, type.name(), stored.count(), residentBytes, bits);
  }

  private static Tensor coded(String name, DeltaTensor.Coded coded, Bytes stored) {
    MatrixCode code = coded.code();
    TensorView added = coded.added();
    long addedRows = added == null ? 0 : added.shape().dimension(0);
    long resident = coded.size().count();
    return new Tensor(
        name,
        kind(code),
        description(code) + (coded.baseFactors() == null ? "" : ", base rows scaled"),
        code.rows(),
        code.columns(),
        planes(code),
        scalesPerPlane(code),
        addedRows,
        added == null ? null : added.type().name(),
        stored.count(),
        resident,
        bits(resident, (code.rows() + addedRows) * code.columns()));
  }

  private static String kind(MatrixCode code) {
    return switch (code) {
      case SignPlanes _ -> "signed";
      case SparseCodes _ -> "sparse";
      case GroupedCodes _ -> "grouped";
      case LookupPlanes _ -> "lookup";
      case VectorCodes _ -> "vector";
      case LowRank _ -> "low rank";
    };
  }

  private static String description(MatrixCode code) {
    return switch (code) {
      case SignPlanes signs -> signs.widths() + (signs.widths() == 1 ? " plane" : " planes");
      case SparseCodes sparse ->
          "2:4, %d bits, groups of %d".formatted(sparse.bits(), sparse.groupColumns());
      case GroupedCodes grouped ->
          "%d bits, groups of %d, %d outliers%s"
              .formatted(
                  grouped.bits(),
                  grouped.groupColumns(),
                  grouped.outliers().count(),
                  grouped.order() == null ? "" : ", ordered");
      case LookupPlanes lookup -> "%d bits by table".formatted(lookup.widths());
      case VectorCodes vector -> "%d rows share 8 bits".formatted(vector.vectorRows());
      case LowRank lowRank -> "rank %d".formatted(lowRank.rank());
    };
  }

  private static int planes(MatrixCode code) {
    return switch (code) {
      case SignPlanes signs -> signs.widths();
      case LookupPlanes lookup -> lookup.widths();
      case SparseCodes _, GroupedCodes _, VectorCodes _, LowRank _ -> 0;
    };
  }

  private static int scalesPerPlane(MatrixCode code) {
    return switch (code) {
      case SignPlanes signs -> signs.planes().getFirst().scales().length;
      case LookupPlanes _, SparseCodes _, GroupedCodes _, VectorCodes _, LowRank _ -> 0;
    };
  }

  private static double bits(long bytes, long weights) {
    return weights == 0 ? 0 : (double) Byte.SIZE * bytes / weights;
  }
}
