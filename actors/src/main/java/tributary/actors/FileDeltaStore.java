package tributary.actors;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.model.BaseModel;
import tributary.model.ResidentDelta;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Variants from delta files of one base; the owner of everything that is loaded. */
final class FileDeltaStore implements DeltaStore, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FileDeltaStore.class);

  private final BaseModel base;
  private final DeltaId baseName;
  private final Map<DeltaId, Path> files;
  private final Map<LoadedDelta, ResidentDelta> resident = new ConcurrentHashMap<>();
  private final AtomicLong loads = new AtomicLong();

  /**
   * @param baseName the name that means the base without a difference
   * @param files where the other variants are
   */
  FileDeltaStore(BaseModel base, DeltaId baseName, Map<DeltaId, Path> files) {
    this.base = base;
    this.baseName = baseName;
    this.files = Map.copyOf(files);
  }

  @Override
  public LoadedDelta load(DeltaId id) {
    long start = System.nanoTime();
    ResidentDelta delta = open(id);
    var loaded =
        new LoadedDelta(id, loads.incrementAndGet(), vocabularySize(id, delta), delta.size());
    resident.put(loaded, delta);
    LOG.info(
        "model {}: {} bytes loaded in {} ms",
        id,
        delta.size().count(),
        (System.nanoTime() - start) / 1_000_000);
    return loaded;
  }

  @Override
  public void unload(LoadedDelta loaded) {
    ResidentDelta delta = resident.remove(loaded);
    if (delta != null) {
      delta.close();
      LOG.info("model {}: {} bytes unloaded", loaded.id(), loaded.size().count());
    }
  }

  /** The weights of a loading that has not been unloaded. */
  ResidentDelta resident(LoadedDelta loaded) {
    ResidentDelta delta = resident.get(loaded);
    if (delta == null) {
      throw new AssertionError("model %s is computed after its unload".formatted(loaded.id()));
    }
    return delta;
  }

  @Override
  public void close() {
    resident.keySet().forEach(this::unload);
  }

  private ResidentDelta open(DeltaId id) {
    if (id.equals(baseName)) {
      return ResidentDelta.none();
    }
    Path file = files.get(id);
    if (file == null) {
      throw new TributaryException(
          ErrorCode.MODEL_NOT_FOUND,
          "model %s is not in this node's configuration; give all nodes the same models"
              .formatted(id));
    }
    return ResidentDelta.load(file, base);
  }

  private int vocabularySize(DeltaId id, ResidentDelta delta) {
    return id.equals(baseName) ? base.config().vocabularySize() : delta.vocabularySize();
  }
}
