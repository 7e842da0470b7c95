package tributary.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import tributary.model.peft.PeftAdapter;
import tributary.protocol.Bytes;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.format.DeltaTensor;

/** What can be known of a delta file, or an adapter, without a base to load it over. */
public final class DeltaOutline {
  private DeltaOutline() {}

  /**
   * What a delta takes in memory, at each of its widths from 1 on; never less at a greater one.
   *
   * @throws tributary.protocol.TributaryException when the file cannot be read
   */
  public static List<Bytes> sizes(Path path) {
    if (PeftAdapter.isAdapter(path)) {
      return List.of(PeftAdapter.size(path));
    }
    try (DeltaFile file = DeltaFile.openFirst(path)) {
      Collection<DeltaTensor> tensors = file.tensors().values();
      int widths = tensors.stream().mapToInt(DeltaOutline::widths).max().orElse(1);
      var sizes = new ArrayList<Bytes>();
      Bytes most = Bytes.ZERO;
      for (int width = 1; width <= widths; width++) {
        Bytes size = size(tensors, width);
        most = size.compareTo(most) > 0 ? size : most;
        sizes.add(most);
      }
      return sizes;
    }
  }

  /**
   * Reads every byte of a delta file.
   *
   * @throws tributary.protocol.TributaryException {@code delta_checksum}, naming what is damaged
   */
  public static void verify(Path path) {
    try (DeltaFile file = DeltaFile.open(path)) {
      file.verifyChecksums();
    }
  }

  static Bytes size(Collection<DeltaTensor> tensors, int width) {
    Bytes size = Bytes.ZERO;
    for (DeltaTensor tensor : tensors) {
      size = size.plus(size(tensor, width));
    }
    return size;
  }

  private static int widths(DeltaTensor tensor) {
    return tensor instanceof DeltaTensor.Coded coded ? coded.code().widths() : 1;
  }

  private static Bytes size(DeltaTensor tensor, int width) {
    return switch (tensor) {
      case DeltaTensor.Coded coded -> coded.atMost(width).size();
      case DeltaTensor.Replaced(var value) -> new Bytes(value.data().byteSize());
      case DeltaTensor.Archived _ -> Bytes.ZERO;
    };
  }
}
