package tributary.tensor.container;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.format.DeltaTensor;

/**
 * A delta file of format 1: a valid safetensors file whose metadata carries a manifest.
 *
 * <h2>Manifest</h2>
 *
 * The metadata entry {@code tributary.delta} is a JSON object:
 *
 * <pre>
 * format             1; a reader refuses a higher one before it looks at anything else
 * codec, settings    who chose the codes and how: a string, and an object of strings; for people
 * base               fingerprint of the base, see {@link Fingerprint}
 * model              name of the fine-tune
 * original_bytes     size of the fine-tune's tensors
 * original_elements  number of its weights
 * tensors            object: name of each tensor that differs from the base's -> its layout
 *   kind             "replaced": the fine-tune's own values, or "signed": base plus sign planes
 *   rows, columns    of the sign planes, 1 to 2^31 - 1; this field and the next only if signed
 *   planes           1 to 32
 *   scales           "free": each plane has scales of its own, or "halving": plane 0 has them,
 *                    and those of plane p are 2^-p times as large
 *   added_rows       rows below the base's last, 0 if there are none
 * sha256             object: name of each stored tensor -> SHA-256 of its bytes, lower-case hex
 * </pre>
 *
 * Fields that a reader does not know are ignored; kinds and scale laws that it does not know are
 * refused. A tensor that {@code tensors} does not list equals the base's.
 *
 * <h2>Stored tensors</h2>
 *
 * The file holds exactly these; T is a name in {@code tensors}, all numbers are little-endian:
 *
 * <pre>
 * T            any type and shape             a replaced tensor
 * T/signs.p    U64 [rows, ceil(columns / 64)] plane p of a signed tensor: bit t, counted from the
 *                                             least significant, of word w is column 64 w + t;
 *                                             1 is plus; unused high bits are 0
 * T/scales.p   F32 or F16, [rows] or [1]      its scales, one a row or one for all; finite
 * T/added      F32, F16 or BF16               the added rows, exact
 *              [added_rows, columns]
 * </pre>
 *
 * The difference that plane p makes at row r is plus or minus {@code scales.p[r]}; the planes' sum
 * is added to the base in fp32.
 *
 * <h2>Order</h2>
 *
 * First all scales, added rows and replaced tensors, those with wider elements first; then plane 0
 * of every tensor, in the order of {@code tensors}; then plane 1 of all that have one; and so on.
 * So a prefix of the file is a usable difference of fewer planes. Data begins at a multiple of 8
 * bytes; tensors follow each other without gaps, so that a reader must not count on alignment.
 */
public final class DeltaFile implements AutoCloseable {
  public static final int FORMAT = 1;

  private final Path path;
  private final SafetensorsFile file;
  private final DeltaHeader header;
  private final SequencedMap<String, DeltaTensor> tensors;

  private DeltaFile(
      Path path,
      SafetensorsFile file,
      DeltaHeader header,
      SequencedMap<String, DeltaTensor> tensors) {
    this.path = path;
    this.file = file;
    this.header = header;
    this.tensors = Collections.unmodifiableSequencedMap(tensors);
  }

  /**
   * Maps and validates the file: manifest, layouts, sizes. Does not read every byte: see {@link
   * #verifyChecksums()}.
   */
  public static DeltaFile open(Path path) {
    SafetensorsFile file = SafetensorsFile.open(path);
    try {
      String manifest = file.metadata().get(DeltaHeader.KEY);
      if (manifest == null) {
        throw new TributaryException(
            ErrorCode.DELTA_FORMAT,
            "%s is safetensors but no delta: its metadata lacks %s; make one with 'compress'"
                .formatted(path, Quoted.of(DeltaHeader.KEY)));
      }
      DeltaHeader header = DeltaHeader.parse(path, manifest);
      return new DeltaFile(path, file, header, new DeltaReader(path, file, header).read());
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /**
   * Writes a delta: whole or not at all; plane 0 of all tensors before plane 1 of any. Scales are
   * stored in the smallest form that gives them back exactly. The same content gives the same
   * bytes.
   */
  public static void write(
      Path path, DeltaManifest manifest, SequencedMap<String, DeltaTensor> tensors) {
    new DeltaWriter(manifest, tensors).write(path);
  }

  public DeltaManifest manifest() {
    return header.manifest();
  }

  /** Every difference, by the fine-tune's tensor name, in file order. Views die with the file. */
  public SequencedMap<String, DeltaTensor> tensors() {
    return tensors;
  }

  /** Size of the whole file. */
  public Bytes size() {
    return file.size();
  }

  /** What each difference takes in the file, by the fine-tune's tensor name, in file order. */
  public SequencedMap<String, Bytes> storedSizes() {
    SequencedMap<String, Bytes> sizes = new LinkedHashMap<>();
    header
        .layouts()
        .forEach((name, layout) ->
            sizes.put(
                name,
                layout.storedNames(name).stream()
                    .map(stored -> new Bytes(file.tensor(stored).data().byteSize()))
                    .reduce(Bytes.ZERO, Bytes::plus)));
    return sizes;
  }

  /** Reads all bytes; throws {@code delta_checksum} naming the first tensor that is damaged. */
  public void verifyChecksums() {
    header.checksums().entrySet().parallelStream()
        .filter(this::isDamaged)
        .findFirst()
        .ifPresent(damaged -> {
          throw new TributaryException(
              ErrorCode.DELTA_CHECKSUM,
              "%s: the bytes of %s are not those that were written; fetch the file again"
                  .formatted(path, Quoted.of(damaged.getKey())));
        });
  }

  private boolean isDamaged(Map.Entry<String, String> checksum) {
    return !checksum.getValue().equals(Sha256.hex(file.tensor(checksum.getKey()).data()));
  }

  @Override
  public void close() {
    file.close();
  }
}
