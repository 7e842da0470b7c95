package tributary.tensor.container;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import tributary.protocol.Bytes;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.MatrixCode;

/** Lays differences out as the stored tensors of a delta file, in the order it prescribes. */
final class DeltaWriter {
  private static final int DIGEST_DIGITS = 64;

  private record Stored(String name, TensorView values) {}

  /** What becomes of the parts before they are put into their places. */
  interface Keep {
    default void store(DeltaLayout.Coded layout, MatrixCode code, CodeLayout.Sink sink) {
      layout.code().store(layout.matrix(), code, sink);
    }

    TensorView kept(Part part, TensorView values);
  }

  private final DeltaManifest manifest;
  private final Frames frames;
  private final Keep keep;
  private final SequencedMap<String, DeltaLayout> layouts = new LinkedHashMap<>();
  private final Codebooks codebooks = new Codebooks();
  private final SortedMap<Integer, List<Stored>> stages = new TreeMap<>();

  DeltaWriter(
      DeltaManifest manifest, SequencedMap<String, DeltaTensor> tensors, Frames frames, Keep keep) {
    this.manifest = manifest;
    this.frames = frames;
    this.keep = keep;
    tensors.forEach(this::add);
    codebooks.store(this::put);
    stages
        .computeIfAbsent(Part.STATISTICS, _ -> new ArrayList<>())
        .sort(Comparator.comparingInt((Stored stored) -> stored.values.type().bytes()).reversed());
  }

  private void add(String name, DeltaTensor tensor) {
    switch (tensor) {
      case DeltaTensor.Replaced(TensorView value) -> {
        layouts.put(name, new DeltaLayout.Replaced(name));
        put(new Part(name, Part.STATISTICS, List.of(), List.of()), value);
      }
      case DeltaTensor.Coded coded -> addCoded(name, coded);
      case DeltaTensor.Archived archived -> {
        List<Long> sizes = archived.streams().stream().map(s -> s.byteSize()).toList();
        var layout =
            new DeltaLayout.Archived(
                name, archived.type(), archived.shape(), archived.parameters(), sizes);
        layouts.put(name, layout);
        for (int i = 0; i < sizes.size(); i++) {
          Shape shape = Shape.of(sizes.get(i));
          put(layout.parts().get(i), new TensorView(DType.U8, shape, archived.streams().get(i)));
        }
      }
    }
  }

  private void addCoded(String name, DeltaTensor.Coded coded) {
    MatrixCode code = coded.code();
    TensorView added = coded.added();
    float[] factors = coded.baseFactors();
    var layout =
        new DeltaLayout.Coded(
            new CodeLayout.Matrix(name, code.rows(), code.columns()),
            CodeLayout.of(code, codebooks, frames),
            factors != null,
            added == null ? 0 : added.shape().dimension(0));
    layouts.put(name, layout);
    keep.store(layout, code, this::put);
    if (factors != null) {
      put(layout.factors(), Numbers.of(factors));
    }
    if (added != null && layout.addedRows() > 0) {
      put(layout.added(), added);
    }
  }

  private void put(Part part, TensorView values) {
    stages
        .computeIfAbsent(part.stage(), _ -> new ArrayList<>())
        .add(new Stored(part.name(), keep.kept(part, values)));
  }

  /** Everything in the order of the file. */
  private SequencedMap<String, TensorView> inOrder() {
    SequencedMap<String, TensorView> stored = new LinkedHashMap<>();
    for (List<Stored> stage : stages.values()) {
      for (Stored part : stage) {
        if (stored.put(part.name, part.values) != null) {
          throw new IllegalArgumentException("two parts would be stored as " + part.name);
        }
      }
    }
    return stored;
  }

  void write(Path path) {
    SequencedMap<String, TensorView> stored = inOrder();
    SortedMap<String, ZstdFrame> folded = new ConcurrentSkipListMap<>();
    if (frames == Frames.ZSTD) {
      stored.entrySet().parallelStream().forEach(part -> fold(part, folded));
    }
    SafetensorsWriter.write(path, metadata(folded, checksums(stored)), stored);
  }

  private Map<String, String> metadata(
      SortedMap<String, ZstdFrame> folded, SortedMap<String, String> checksums) {
    DeltaHeader header =
        new DeltaHeader(
            DeltaFile.FORMAT, manifest, layouts, codebooks.vectorRows(), folded, checksums);
    return Map.of(DeltaHeader.KEY, header.toJson());
  }

  /** Size of the file of parts that were kept as they will be, and of which these are frames. */
  Bytes size(SortedMap<String, ZstdFrame> folded) {
    SequencedMap<String, TensorView> stored = inOrder();
    SortedMap<String, String> checksums = new TreeMap<>();
    stored.keySet().forEach(name -> checksums.put(name, "0".repeat(DIGEST_DIGITS)));
    return SafetensorsWriter.size(metadata(folded, checksums), stored);
  }

  /** Puts a frame in a part's place where that is worth its while. */
  private static void fold(
      Map.Entry<String, TensorView> part, SortedMap<String, ZstdFrame> folded) {
    TensorView raw = part.getValue();
    ZstdFrame.fold(raw)
        .ifPresent(frame -> {
          folded.put(part.getKey(), new ZstdFrame(raw.type(), raw.shape()));
          part.setValue(frame);
        });
  }

  private static SortedMap<String, String> checksums(SequencedMap<String, TensorView> stored) {
    Map<String, String> digests = new ConcurrentHashMap<>();
    stored.entrySet().parallelStream()
        .forEach(part -> digests.put(part.getKey(), Sha256.hex(part.getValue().data())));
    return new TreeMap<>(digests);
  }
}
