package tributary.compression.inspect;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.protocol.Bytes;
import tributary.tensor.TensorView;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.SignPlanes;

/**
 * What a delta file holds. The JSON names are relied on by scripts.
 *
 * @param residentBytes what the differences take when they are served: signs and exact tensors as
 *     in the file, and every plane's scales in fp32
 * @param originalBytes size of the fine-tune's tensors
 * @param ratio original bytes over file bytes
 * @param bitsPerWeight bits of the file per weight of the fine-tune
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
    @JsonProperty("tensors") List<Tensor> tensors) {
  /**
   * One difference.
   *
   * @param kind {@code signed} or {@code replaced}
   * @param rows of the sign planes, or of the replacing matrix; 1 for a vector
   * @param planes 0 for a replaced tensor
   * @param scalesPerPlane 1, or one a row; 0 for a replaced tensor
   * @param type element type of exact parts, if there are any
   * @param bytes in the file
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Tensor(
      @JsonProperty("name") String name,
      @JsonProperty("kind") String kind,
      @JsonProperty("rows") long rows,
      @JsonProperty("columns") long columns,
      @JsonProperty("planes") int planes,
      @JsonProperty("scales_per_plane") int scalesPerPlane,
      @JsonProperty("added_rows") long addedRows,
      @JsonProperty("type") @Nullable String type,
      @JsonProperty("bytes") long bytes) {}

  /** Opens the file, reads every byte of it and describes it; a damaged file is refused. */
  public static DeltaInspection of(Path path) {
    try (DeltaFile file = DeltaFile.open(path)) {
      file.verifyChecksums();
      return of(file);
    }
  }

  private static DeltaInspection of(DeltaFile file) {
    DeltaManifest manifest = file.manifest();
    long fileBytes = file.size().count();
    long residentBytes = 0;
    List<Tensor> tensors = new ArrayList<>();
    for (Map.Entry<String, Bytes> size : file.storedSizes().entrySet()) {
      DeltaTensor tensor = file.tensors().get(size.getKey());
      if (tensor != null) {
        tensors.add(describe(size.getKey(), tensor, size.getValue()));
        residentBytes += residentBytes(tensor);
      }
    }
    return new DeltaInspection(
        DeltaFile.FORMAT,
        manifest.codec(),
        manifest.codecSettings(),
        manifest.model(),
        manifest.baseFingerprint(),
        fileBytes,
        residentBytes,
        manifest.originalBytes(),
        manifest.originalElements(),
        (double) manifest.originalBytes() / fileBytes,
        8.0 * fileBytes / manifest.originalElements(),
        tensors);
  }

  private static Tensor describe(String name, DeltaTensor tensor, Bytes stored) {
    return switch (tensor) {
      case DeltaTensor.Replaced(TensorView value) -> {
        int rank = value.shape().rank();
        long columns = rank == 0 ? 1 : value.shape().dimension(rank - 1);
        long rows = columns == 0 ? 0 : value.shape().elements() / columns;
        yield new Tensor(
            name, "replaced", rows, columns, 0, 0, 0, value.type().name(), stored.count());
      }
      case DeltaTensor.Signed(SignPlanes planes, @Nullable TensorView added) ->
          new Tensor(
              name,
              "signed",
              planes.rows(),
              planes.columns(),
              planes.planes().size(),
              planes.planes().getFirst().scales().length,
              added == null ? 0 : added.shape().dimension(0),
              added == null ? null : added.type().name(),
              stored.count());
    };
  }

  private static long residentBytes(DeltaTensor tensor) {
    return switch (tensor) {
      case DeltaTensor.Replaced(TensorView value) -> value.data().byteSize();
      case DeltaTensor.Signed(SignPlanes planes, @Nullable TensorView added) -> {
        long bytes = added == null ? 0 : added.data().byteSize();
        for (SignPlanes.Plane plane : planes.planes()) {
          bytes += plane.signs().byteSize() + (long) Float.BYTES * plane.scales().length;
        }
        yield bytes;
      }
    };
  }
}
