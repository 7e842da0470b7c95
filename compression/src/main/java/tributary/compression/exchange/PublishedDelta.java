package tributary.compression.exchange;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;
import tributary.model.Families;
import tributary.model.ModelConfig;
import tributary.model.json.JsonFile;
import tributary.model.network.Network;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.container.SafetensorsFile;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.BitStream;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;
import tributary.tensor.format.SignPlanes;
import tributary.tensor.format.SparseCodes;

/**
 * Deltas that the programs of BitDelta and DeltaZip wrote, as delta files. Codes are taken over as
 * they are; tensors that the published file holds whole (embeddings, head, norms) replace the
 * base's.
 */
public final class PublishedDelta {
  /** The weights of a DeltaZip directory. */
  public static final String DELTAZIP_WEIGHTS = "deltazip-compressed.safetensors";

  private static final String MASK = ".mask";
  private static final String COEFFICIENT = ".coeff";
  private static final String WEIGHT = ".weight";
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** What was written. */
  public record Written(int coded, int replaced) {}

  /** Reads the code of a module from the tensors that hold it. */
  private interface CodeReader {
    MatrixCode read(TensorSource source, String module);
  }

  private PublishedDelta() {}

  /**
   * Writes BitDelta's tensors as a delta file: for each module {@code mask} I32 [K / 32, N], whose
   * word (w, n) has the signs of inputs 32 w to 32 w + 31 of output n, 1 for plus, from the lowest
   * bit up, and {@code coeff}, one number.
   *
   * @param file safetensors; the published pickle has to be converted by who trusts it
   */
  public static Written bitDelta(Path base, Path file, String name, Path out) {
    try (SafetensorsFile source = SafetensorsFile.open(file)) {
      return write(base, source, MASK, PublishedDelta::signs, "bitdelta", name, out);
    }
  }

  /**
   * Writes a DeltaZip directory's archive as a delta file: 2:4 codes of 2, 3, 4 or 8 bits in GPTQ's
   * layout, stored without its lossless stage.
   */
  public static Written deltaZip(Path base, Path directory, String name, Path out) {
    try (SafetensorsFile source = SafetensorsFile.open(directory.resolve(DELTAZIP_WEIGHTS))) {
      if (source.metadata().containsKey("dtype") && source.metadata().containsKey("shape")) {
        throw new TributaryException(
            ErrorCode.UNKNOWN_CODEC,
            ("%s: its tensors are packed by nvCOMP, which only a GPU program unpacks; write the"
                    + " archive with lossless = none")
                .formatted(directory.resolve(DELTAZIP_WEIGHTS)));
      }
      int bits = bits(directory);
      return write(
          base,
          source,
          GptqLinear.CODES,
          (tensors, module) -> sparse(tensors, module, bits),
          "deltazip",
          name,
          out);
    }
  }

  private static int bits(Path directory) {
    var configuration =
        JsonFile.read(
            directory.resolve("compress_config.json"), new Bytes(1 << 20), ErrorCode.DELTA_FORMAT);
    int bits = configuration.path("bits").asInt();
    if (bits != 2 && bits != 3 && bits != 4 && bits != 8) {
      throw new TributaryException(
          ErrorCode.DELTA_FORMAT,
          "%s: bits is %s; wanted 2, 3, 4 or 8"
              .formatted(directory.resolve("compress_config.json"), configuration.get("bits")));
    }
    return bits;
  }

  private static Written write(
      Path basePath,
      SafetensorsFile source,
      String marker,
      CodeReader reader,
      String codec,
      String name,
      Path out) {
    Network network = Families.network(ModelConfig.read(basePath));
    try (Checkpoint base = Checkpoint.open(basePath)) {
      SequencedMap<String, DeltaTensor> tensors = new TreeMap<>();
      int coded = 0;
      for (String tensor : source.names()) {
        if (tensor.endsWith(marker)) {
          String module = tensor.substring(0, tensor.length() - marker.length());
          tensors.put(module + WEIGHT, DeltaTensor.Coded.of(fitting(base, module, reader, source)));
          coded++;
        }
      }
      int replaced = 0;
      for (String tensor : source.names()) {
        int dot = tensor.lastIndexOf('.');
        boolean ofCode = dot > 0 && tensors.containsKey(tensor.substring(0, dot) + WEIGHT);
        if (!network.ignores(tensor) && (!ofCode || tensor.endsWith(".bias"))) {
          replaced += replace(base, tensor, source.tensor(tensor), tensors);
        }
      }
      if (coded == 0) {
        throw new TributaryException(
            ErrorCode.DELTA_FORMAT,
            "no tensor ends in %s: this is no file of %s".formatted(marker, codec));
      }
      DeltaFile.write(out, DeltaManifest.sizedAs(base, codec, new TreeMap<>(), name), tensors);
      return new Written(coded, replaced);
    }
  }

  private static MatrixCode fitting(
      Checkpoint base, String module, CodeReader reader, TensorSource source) {
    Shape shape = base.tensor(module + WEIGHT).shape();
    MatrixCode code = reader.read(source, module);
    if (!shape.equals(Shape.of(code.rows(), code.columns()))) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "%s: the delta has %d x %d, the base %s"
              .formatted(module, code.rows(), code.columns(), shape));
    }
    return code;
  }

  /** Returns how many tensors were added: none where the base has the same bytes. */
  private static int replace(
      Checkpoint base, String tensor, TensorView value, SequencedMap<String, DeltaTensor> tensors) {
    if (base.names().contains(tensor)) {
      TensorView old = base.tensor(tensor);
      if (old.type() == value.type() && old.data().mismatch(value.data()) < 0) {
        return 0;
      }
    }
    tensors.put(tensor, new DeltaTensor.Replaced(value));
    return 1;
  }

  private static SignPlanes signs(TensorSource source, String module) {
    TensorView mask = source.tensor(module + MASK);
    if (mask.type() != DType.I32 || mask.shape().rank() != 2) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "%s: found %s %s, wanted I32 [inputs / 32, outputs]"
              .formatted(module + MASK, mask.type(), mask.shape()));
    }
    TensorView coefficient = source.tensor(module + COEFFICIENT);
    if (coefficient.shape().elements() != 1 || !coefficient.type().isFloating()) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "%s: found %s %s, wanted one number"
              .formatted(module + COEFFICIENT, coefficient.type(), coefficient.shape()));
    }
    int words = Math.toIntExact(mask.shape().dimension(0));
    int rows = Math.toIntExact(mask.shape().dimension(1));
    int columns = Math.multiplyExact(words, Integer.SIZE);
    byte[] signs = new byte[Math.toIntExact(SignPlanes.planeBytes(rows, columns).count())];
    MemorySegment out = MemorySegment.ofArray(signs);
    int perRow = SignPlanes.wordsPerRow(columns);
    for (int row = 0; row < rows; row++) {
      for (int word = 0; word < words; word++) {
        long low = mask.data().getAtIndex(INT, (long) word * rows + row) & 0xFFFFFFFFL;
        long at = (long) row * perRow + word / 2;
        out.setAtIndex(LONG, at, out.getAtIndex(LONG, at) | low << (word % 2 * Integer.SIZE));
      }
    }
    float[] scale = {coefficient.getFloat(0)};
    return new SignPlanes(rows, columns, List.of(new SignPlanes.Plane(out, scale)));
  }

  /** Codes at the zero were pruned; every four inputs have to keep two others at most. */
  private static SparseCodes sparse(TensorSource source, String module, int bits) {
    GptqLinear packed = GptqLinear.read(source, module, bits, 1);
    int rows = packed.rows();
    int columns = packed.columns();
    float[] scales = new float[rows];
    int zero = packed.zero(0, 0);
    byte[] patterns = new byte[Math.toIntExact(SparseCodes.patternBytes(rows, columns))];
    MemorySegment codes =
        MemorySegment.ofArray(
            new byte[Math.toIntExact(SparseCodes.codeBytes(rows, columns, bits))]);
    for (int row = 0; row < rows; row++) {
      if (packed.zero(row, 0) != zero || packed.group(columns - 1) != 0) {
        throw new TributaryException(
            ErrorCode.DELTA_FORMAT,
            "%s: rows must have one scale and the same zero; row %d has not"
                .formatted(module, row));
      }
      scales[row] = packed.scale(row, 0);
      long start = row * BitStream.bytes(columns / 2, bits);
      for (int first = 0; first < columns; first += 4) {
        int pattern = pattern(packed, module, row, first, zero);
        int index = first / 4;
        patterns[row * Math.ceilDiv(columns, 8) + index / 2] |= (byte) (pattern << (index % 2 * 4));
        BitStream.put(codes, start, 2L * index, bits, packed.code(row, first + (pattern & 3)));
        BitStream.put(
            codes, start, 2L * index + 1, bits, packed.code(row, first + (pattern >>> 2)));
      }
    }
    return new SparseCodes(
        rows, columns, bits, zero, columns, MemorySegment.ofArray(patterns), codes, scales);
  }

  private static int pattern(GptqLinear packed, String module, int row, int first, int zero) {
    int[] kept = {-1, -1};
    int count = 0;
    for (int i = 0; i < 4; i++) {
      if (packed.code(row, first + i) != zero) {
        if (count == 2) {
          throw new TributaryException(
              ErrorCode.DELTA_FORMAT,
              "%s: row %d keeps more than two of inputs %d to %d; only 2:4 archives are read"
                  .formatted(module, row, first, first + 3));
        }
        kept[count++] = i;
      }
    }
    for (int i = 0; count < 2; i++) {
      if (i != kept[0]) {
        kept[count++] = i;
      }
    }
    return SparseCodes.pattern(Math.min(kept[0], kept[1]), Math.max(kept[0], kept[1]));
  }
}
