package tributary.tensor.container;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.format.DeltaTensor;

/**
 * A delta file of format 3: a valid safetensors file whose metadata carries a manifest.
 *
 * <h2>Manifest</h2>
 *
 * The metadata entry {@code tributary.delta} is a JSON object:
 *
 * <pre>
 * format             3; a reader refuses a higher one before it looks at anything else
 * codec, settings    who chose the codes and how: a string, and an object of strings; for people
 * base               fingerprint of the base, see {@link Fingerprint}
 * model              name of the fine-tune
 * original_bytes     size of the fine-tune's tensors
 * original_elements  number of its weights
 * tensors            object: name of each tensor that differs from the base's -> its layout
 *   kind             "replaced", "exact", or the code's: "signed", "sparse", "grouped", "lookup",
 *                    "vector"; further fields and parts of each are below
 *   rows, columns    of a code, 1 to 2^31 - 2
 *   base_factors     true when the base's rows are multiplied; left out when not
 *   added_rows       rows below the base's last, 0 if there are none; this and the two fields
 *                    before only of a code
 * codebooks          list: of each codebook the rows that share an index; left out if there is none
 * frames             object: name of each stored tensor that is a zstd frame -> its dtype and shape
 *                    when unfolded; left out if there is none
 * sha256             object: name of each stored tensor -> SHA-256 of its bytes, lower-case hex
 * </pre>
 *
 * Fields that a reader does not know are ignored; kinds and laws that it does not know are refused.
 * A tensor that {@code tensors} does not list equals the base's.
 *
 * <h2>Stored tensors</h2>
 *
 * The file holds exactly these; T is a name in {@code tensors}, N is F32 or F16 (finite numbers,
 * F16 where it gives them all back), I is U16 or, for ranges beyond 2^16, I32; all are
 * little-endian. What the numbers and bits of a code mean is defined by its record.
 *
 * <pre>
 * any code
 *   T/base_factors     N   [rows]                   one a row of the base
 *   T/added            F32, F16 or BF16             the added rows, exact
 *                          [added_rows, columns]
 *
 * "signed": {@link tributary.tensor.format.SignPlanes}
 *   planes 1 to 32, scales "free" (each plane has its own) or "halving" (plane 0 has them, those of
 *   plane p are 2^-p times as large), narrow_scales true when narrower widths have their own
 *   T/signs.p          U64 [rows, ceil(columns / 64)]
 *   T/scales.p         N   [rows] or [1]            of plane p at the full width
 *   T/scales.w.p       N   [rows] or [1]            of plane p at width w
 *
 * "sparse": {@link tributary.tensor.format.SparseCodes}
 *   bits, zero, group_columns, quadruples true when a byte holds each (1 or 2 bits a code only)
 *   T/patterns         U8  [rows, ceil(columns / 8)]
 *   T/codes            U8  [rows, ceil(columns / 2 * bits / 8)]
 *   T/quadruples       U8  [rows, columns / 4]      stands in for these two: the pattern in the low
 *                          nibble, the first code from bit 4 and the second from bit 4 + bits up;
 *                          framed, it takes less, since positions and codes depend on each other
 *   T/scales           N   [rows, groups]           groups = ceil(columns / group_columns)
 *
 * "grouped": {@link tributary.tensor.format.GroupedCodes}
 *   bits, group_columns, statistics "plain" or "bilevel" (then statistic_bits, run_rows),
 *   ordered true when columns are stored in an order of their own, outliers (their number)
 *   T/codes            U8  [rows, ceil(columns * bits / 8)]
 *   T/scales           N   [rows, groups]           plain
 *   T/zeros            N   [rows, groups] or [1]    plain
 *   T/scale_codes      U8  [groups, ceil(rows * statistic_bits / 8)]         bilevel
 *   T/zero_codes       U8  the same                 bilevel
 *   T/scale_grids      N   [groups, ceil(rows / run_rows), 2]                bilevel
 *   T/zero_grids       N   the same                 bilevel
 *   T/order            I   [columns]                a permutation, if ordered
 *   T/outlier_offsets  I32 [rows + 1]               these three if there are outliers
 *   T/outlier_columns  I   [outliers]
 *   T/outlier_values   N   [outliers]
 *
 * "lookup": {@link tributary.tensor.format.LookupPlanes}
 *   planes 1 to 8
 *   T/plane.p          U64 [rows, ceil(columns / 64)]
 *   T/table.w          N   [rows, 2^w]              for each width w from 1 to planes
 *
 * "vector": {@link tributary.tensor.format.VectorCodes}
 *   vector_rows, codebook (a place in codebooks)
 *   T/indices          U8  [ceil(rows / vector_rows), columns]
 *   T/scales           N   [rows]
 *   codebook.i         N   [256, codebooks[i]]      one for all matrices that name it
 *
 * "low_rank": {@link tributary.tensor.format.LowRank}
 *   rank
 *   T/up               F   [rows, rank]             F: F32, F16 or BF16
 *   T/down             F   [rank, columns]
 *   T/scale            N   [1]
 *
 * "replaced"
 *   T                  any type and shape           the fine-tune's own values
 *
 * "exact": an archive; nothing computes with it
 *   dtype, shape (of the restored tensor), parameters (object of strings), streams (bytes of each)
 *   T/stream.i         U8  [streams[i]]             what they mean is between codec and parameters
 * </pre>
 *
 * A stored tensor that {@code frames} names is U8 [n] instead: one zstd frame that states its
 * content's size and unfolds to the tensor above, to no more than 1024 n bytes and below 2^31.
 *
 * <h2>Order</h2>
 *
 * First all statistics, added rows and replaced tensors, those with wider elements first; then
 * plane 0 of every tensor, in the order of {@code tensors}, codes without planes counting as plane
 * 0; then plane 1 of all that have one; and so on; then archives. So a prefix of the file is a
 * usable difference of fewer planes. Data begins at a multiple of 8 bytes; tensors follow each
 * other without gaps, so that a reader must not count on alignment.
 *
 * <h2>Format 2</h2>
 *
 * Has no quadruples. It is still read.
 *
 * <h2>Format 1</h2>
 *
 * Has the kinds "signed", without narrow_scales, and "replaced" only, and neither base_factors nor
 * codebooks nor frames. It is still read.
 */
public final class DeltaFile implements AutoCloseable {
  public static final int FORMAT = 3;

  /** Stored tensors that only some widths need; see the table above. */
  private static final Pattern PLANE = Pattern.compile("/(?:signs|plane)\\.(\\d{1,3})$");

  private final Path path;
  private final SafetensorsFile file;
  private final Arena unfolded;
  private final DeltaHeader header;
  private final StoredParts stored;
  private final SequencedMap<String, DeltaTensor> tensors;

  private DeltaFile(
      Path path,
      SafetensorsFile file,
      Arena unfolded,
      DeltaHeader header,
      StoredParts stored,
      SequencedMap<String, DeltaTensor> tensors) {
    this.path = path;
    this.file = file;
    this.unfolded = unfolded;
    this.header = header;
    this.stored = stored;
    this.tensors = Collections.unmodifiableSequencedMap(tensors);
  }

  /**
   * Maps and validates the file: manifest, layouts, sizes, statistics; unfolds frames. Does not
   * read every byte: see {@link #verifyChecksums()}.
   */
  public static DeltaFile open(Path path) {
    return open(path, Integer.MAX_VALUE);
  }

  /**
   * As {@link #open}, but planes behind the first that are frames are all zero until {@link
   * #unfold} is called, so that nothing of them is read before they are needed.
   */
  public static DeltaFile openFirst(Path path) {
    return open(path, 1);
  }

  private static DeltaFile open(Path path, int width) {
    SafetensorsFile file = SafetensorsFile.open(path);
    Arena unfolded = Arena.ofShared();
    try {
      String manifest = file.metadata().get(DeltaHeader.KEY);
      if (manifest == null) {
        throw new TributaryException(
            ErrorCode.DELTA_FORMAT,
            "%s is safetensors but no delta: its metadata lacks %s; make one with 'compress'"
                .formatted(path, Quoted.of(DeltaHeader.KEY)));
      }
      DeltaHeader header = DeltaHeader.parse(path, manifest);
      StoredParts stored =
          new StoredParts(path, file, header, unfolded, name -> plane(name) >= width);
      var tensors = new DeltaReader(path, file, header, stored).read();
      return new DeltaFile(path, file, unfolded, header, stored, tensors);
    } catch (RuntimeException | Error e) {
      unfolded.close();
      file.close();
      throw e;
    }
  }

  /** As {@link #write(Path, DeltaManifest, SequencedMap, Frames)}, without frames. */
  public static void write(
      Path path, DeltaManifest manifest, SequencedMap<String, DeltaTensor> tensors) {
    write(path, manifest, tensors, Frames.NONE);
  }

  /**
   * Writes a delta: whole or not at all; plane 0 of all tensors before plane 1 of any. Statistics
   * are stored in the smallest form that gives them back exactly. The same content gives the same
   * bytes.
   */
  public static void write(
      Path path, DeltaManifest manifest, SequencedMap<String, DeltaTensor> tensors, Frames frames) {
    new DeltaWriter(manifest, tensors, frames, (_, values) -> values).write(path);
  }

  /** The format that the file was written in, {@value #FORMAT} or lower. */
  public int format() {
    return header.format();
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

  /** What the whole file takes in memory: its bytes, and what its frames unfold to. */
  public Bytes memory() {
    Bytes sum = file.size();
    for (ZstdFrame frame : header.frames().values()) {
      sum = sum.plus(new Bytes(frame.unfoldedBytes()));
    }
    return sum;
  }

  /**
   * What each difference alone takes in the file, by the fine-tune's tensor name, in file order.
   */
  public SequencedMap<String, Bytes> storedSizes() {
    SequencedMap<String, Bytes> sizes = new LinkedHashMap<>();
    header
        .layouts()
        .forEach((name, layout) ->
            sizes.put(
                name,
                layout.storedNames().stream()
                    .map(stored -> new Bytes(file.tensor(stored).data().byteSize()))
                    .reduce(Bytes.ZERO, Bytes::plus)));
    return sizes;
  }

  /**
   * What frames leave of the parts of each name, such as {@code codes}; exact tensors have the name
   * {@code ""}. Where nothing is framed it is 1.
   */
  public SortedMap<String, Double> frameShares() {
    SortedMap<String, Long> stored = new TreeMap<>();
    SortedMap<String, Long> unfolded = new TreeMap<>();
    for (String name : file.names()) {
      long bytes = file.tensor(name).data().byteSize();
      ZstdFrame frame = header.frames().get(name);
      String part = DeltaForecast.partOf(name);
      stored.merge(part, bytes, Long::sum);
      unfolded.merge(part, frame == null ? bytes : frame.unfoldedBytes(), Long::sum);
    }
    SortedMap<String, Double> shares = new TreeMap<>();
    stored.forEach((part, bytes) ->
        shares.put(part, bytes == 0 ? 1.0 : (double) bytes / unfolded.getOrDefault(part, bytes)));
    return shares;
  }

  /** Reads all bytes; throws {@code delta_checksum} naming the first tensor that is damaged. */
  public void verifyChecksums() {
    verifyChecksums(0, Integer.MAX_VALUE);
  }

  /**
   * Reads what width {@code to} needs beyond width {@code from}, of everything at 0; throws as
   * {@link #verifyChecksums()}.
   */
  public void verifyChecksums(int from, int to) {
    header.checksums().entrySet().parallelStream()
        .filter(stored -> plane(stored.getKey()) >= from && plane(stored.getKey()) < to)
        .filter(this::isDamaged)
        .findFirst()
        .ifPresent(damaged -> {
          throw new TributaryException(
              ErrorCode.DELTA_CHECKSUM,
              "%s: the bytes of %s are not those that were written; fetch the file again"
                  .formatted(path, Quoted.of(damaged.getKey())));
        });
  }

  /** Brings what width {@code to} needs beyond width {@code from} from disk into memory. */
  public void read(int from, int to) {
    header.checksums().keySet().parallelStream()
        .filter(stored -> plane(stored) >= from && plane(stored) < to)
        .forEach(stored -> file.tensor(stored).data().load());
  }

  /** The begin of the file, mapped, up to the last byte that a width needs. */
  public MemorySegment bytes(int width) {
    MemorySegment all = file.bytes();
    long end = 0;
    for (String stored : header.checksums().keySet()) {
      if (plane(stored) < width) {
        MemorySegment data = file.tensor(stored).data();
        end = Math.max(end, data.address() + data.byteSize() - all.address());
      }
    }
    return all.asSlice(0, end);
  }

  /** Unfolds what width {@code to} needs beyond width {@code from} and is still folded. */
  public void unfold(int from, int to) {
    stored.unfold(name -> plane(name) >= from && plane(name) < to);
  }

  /** The plane that a stored tensor is; 0 for one that every width needs. */
  private static int plane(String stored) {
    Matcher plane = PLANE.matcher(stored);
    return plane.find() ? Integer.parseInt(plane.group(1)) : 0;
  }

  private boolean isDamaged(Map.Entry<String, String> checksum) {
    return !checksum.getValue().equals(Sha256.hex(file.tensor(checksum.getKey()).data()));
  }

  @Override
  public void close() {
    if (unfolded.scope().isAlive()) {
      unfolded.close();
    }
    file.close();
  }
}
