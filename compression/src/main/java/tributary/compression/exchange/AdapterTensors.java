package tributary.compression.exchange;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import tributary.model.Families;
import tributary.model.ModelConfig;
import tributary.model.network.Network;
import tributary.model.peft.PeftAdapter;
import tributary.tensor.TensorView;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor;
import tributary.tensor.format.TunedMatrix;

/** The dense weights that an adapter makes of its base. */
final class AdapterTensors implements TensorSource {
  private final Checkpoint base;
  private final Network network;
  private final PeftAdapter adapter;
  private final Arena arena = Arena.ofShared();

  private AdapterTensors(Checkpoint base, Network network, PeftAdapter adapter) {
    this.base = base;
    this.network = network;
    this.adapter = adapter;
  }

  static AdapterTensors open(Path base, Path directory) {
    Network network = Families.network(ModelConfig.read(base));
    Checkpoint checkpoint = Checkpoint.open(base);
    try {
      PeftAdapter adapter = PeftAdapter.open(directory, network, checkpoint);
      return new AdapterTensors(checkpoint, network, adapter);
    } catch (RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
  }

  @Override
  public SortedSet<String> names() {
    SortedSet<String> names = new TreeSet<>(base.names());
    names.addAll(adapter.tensors().keySet());
    return Collections.unmodifiableSortedSet(names);
  }

  @Override
  public TensorView tensor(String name) {
    Map<String, DeltaTensor> tensors = adapter.tensors();
    return switch (tensors.get(name)) {
      case null -> base.tensor(name);
      case DeltaTensor.Replaced(TensorView value) -> value;
      case DeltaTensor.Coded coded -> TunedMatrix.of(baseOf(name), coded).toDense(arena);
      case DeltaTensor.Archived _ -> throw new AssertionError("adapters hold no archives");
    };
  }

  private TensorView baseOf(String name) {
    boolean tied = name.equals(network.head().name()) && !base.names().contains(name);
    return base.tensor(tied ? network.embedding().name() : name);
  }

  @Override
  public void close() {
    arena.close();
    adapter.close();
    base.close();
  }
}
