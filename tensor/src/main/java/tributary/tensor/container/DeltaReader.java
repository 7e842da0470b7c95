package tributary.tensor.container;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.format.DeltaTensor;

/** Turns the stored tensors of a delta file into differences; codes stay views of the file. */
record DeltaReader(Path path, SafetensorsFile file, DeltaHeader header, StoredParts stored) {
  SequencedMap<String, DeltaTensor> read() {
    checkNames();
    SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
    header.layouts().forEach((name, layout) -> tensors.put(name, tensor(name, layout)));
    return tensors;
  }

  /** The file holds what the manifest announces, each with a checksum, and nothing else. */
  private void checkNames() {
    SortedSet<String> announced = new TreeSet<>();
    header.layouts().values().forEach(layout -> announce(layout.storedNames(), announced));
    announce(header.codebookNames(), announced);
    requireSame(announced, file.names(), "file");
    requireSame(announced, header.checksums().keySet(), "list of checksums");
    for (String framed : header.frames().keySet()) {
      if (!announced.contains(framed)) {
        throw fault("%s has a frame but is no part of the file".formatted(Quoted.of(framed)));
      }
    }
  }

  private void announce(List<String> names, SortedSet<String> announced) {
    for (String stored : names) {
      if (!announced.add(stored)) {
        throw fault("two differences are stored as %s".formatted(Quoted.of(stored)));
      }
    }
  }

  private void requireSame(SortedSet<String> announced, Set<String> found, String where) {
    SortedSet<String> missing = new TreeSet<>(announced);
    missing.removeAll(found);
    if (!missing.isEmpty()) {
      throw fault("the %s lacks %s".formatted(where, Quoted.of(missing.first())));
    }
    SortedSet<String> extra = new TreeSet<>(found);
    extra.removeAll(announced);
    if (!extra.isEmpty()) {
      throw fault(
          "the %s holds %s, which the manifest does not announce"
              .formatted(where, Quoted.of(extra.first())));
    }
  }

  private DeltaTensor tensor(String name, DeltaLayout layout) {
    try {
      return switch (layout) {
        case DeltaLayout.Replaced _ -> new DeltaTensor.Replaced(stored.tensor(name));
        case DeltaLayout.Coded coded -> coded(coded);
        case DeltaLayout.Archived archived ->
            new DeltaTensor.Archived(
                archived.type(),
                archived.shape(),
                archived.parameters(),
                archived.parts().stream().map(stored::bytes).toList());
      };
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw fault("%s: %s".formatted(Quoted.of(name), e.getMessage()));
    }
  }

  private DeltaTensor coded(DeltaLayout.Coded layout) {
    return new DeltaTensor.Coded(
        layout.code().read(layout.matrix(), stored),
        layout.baseFactors() ? stored.numbers(layout.factors()) : null,
        layout.addedRows() == 0 ? null : stored.tensor(layout.added()));
  }

  private TributaryException fault(String fault) {
    return new TributaryException(ErrorCode.DELTA_FORMAT, "%s: %s".formatted(path, fault));
  }
}
