package tributary.model.peft;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.TreeMap;
import tributary.model.network.Network;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.LowRank;

/**
 * LoRA adapters as one delta file, which then names its base by fingerprint and is served like any
 * other. Several are added up with a weight each: their factors stand side by side, and the ranks
 * add up.
 */
public final class AdapterFile {
  /** What the file calls the way it was made. */
  public static final String CODEC = "lora";

  /** An adapter's directory, and what its difference is multiplied by. */
  public record Weighted(Path adapter, double weight) {}

  private AdapterFile() {}

  /**
   * Writes the file.
   *
   * @param network the base's
   * @param base the base's tensors
   * @param name what the file calls the fine-tune
   */
  public static void write(
      Network network, TensorSource base, List<Weighted> adapters, String name, Path out) {
    List<PeftAdapter> opened = new ArrayList<>();
    try {
      SequencedMap<String, DeltaTensor> sum = new LinkedHashMap<>();
      for (Weighted weighted : adapters) {
        PeftAdapter adapter = PeftAdapter.open(weighted.adapter, network, base);
        opened.add(adapter);
        boolean alone = adapters.size() == 1 && weighted.weight == 1;
        adapter
            .tensors()
            .forEach((tensor, difference) ->
                sum.merge(
                    tensor,
                    alone ? difference : times(tensor, difference, weighted),
                    (a, b) -> plus((DeltaTensor.Coded) a, (DeltaTensor.Coded) b)));
      }
      DeltaFile.write(out, manifest(base, adapters, name), sum);
    } finally {
      opened.forEach(PeftAdapter::close);
    }
  }

  private static DeltaManifest manifest(TensorSource base, List<Weighted> adapters, String name) {
    TreeMap<String, String> settings = new TreeMap<>();
    for (int i = 0; i < adapters.size(); i++) {
      settings.put("weight." + i, String.format(Locale.ROOT, "%s", adapters.get(i).weight));
    }
    return DeltaManifest.sizedAs(base, CODEC, settings, name);
  }

  /** A difference that can be added to others: low rank over the base's rows as they are. */
  private static DeltaTensor times(String tensor, DeltaTensor difference, Weighted weighted) {
    if (difference instanceof DeltaTensor.Coded(LowRank factors, var baseFactors, _)
        && baseFactors == null) {
      var scaled =
          new LowRank(factors.up(), factors.down(), (float) (factors.scale() * weighted.weight));
      return new DeltaTensor.Coded(scaled, null, null);
    }
    throw new TributaryException(
        ErrorCode.INCOMPATIBLE_MODELS,
        "%s: its %s is not a plain product of factors, and cannot be weighted; import it alone"
            .formatted(weighted.adapter, tensor));
  }

  private static DeltaTensor.Coded plus(DeltaTensor.Coded a, DeltaTensor.Coded b) {
    LowRank first = (LowRank) a.code();
    LowRank second = (LowRank) b.code();
    int rank = first.rank() + second.rank();
    float[] up = new float[first.rows() * rank];
    for (int row = 0; row < first.rows(); row++) {
      scaledRow(first, row, up, row * rank);
      scaledRow(second, row, up, row * rank + first.rank());
    }
    float[] down = new float[rank * first.columns()];
    float[] below = second.down().toFloats();
    System.arraycopy(first.down().toFloats(), 0, down, 0, down.length - below.length);
    System.arraycopy(below, 0, down, down.length - below.length, below.length);
    return new DeltaTensor.Coded(
        new LowRank(
            TensorView.of(Shape.of(first.rows(), rank), up),
            TensorView.of(Shape.of(rank, first.columns()), down),
            1),
        null,
        null);
  }

  private static void scaledRow(LowRank code, int row, float[] out, int to) {
    for (int k = 0; k < code.rank(); k++) {
      out[to + k] = code.scale() * code.up().getFloat((long) row * code.rank() + k);
    }
  }
}
