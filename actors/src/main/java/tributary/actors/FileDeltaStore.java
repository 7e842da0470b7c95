package tributary.actors;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tributary.model.BaseModel;
import tributary.model.DeltaOutline;
import tributary.model.ResidentDelta;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;
import tributary.scheduling.residency.DeltaTerms;
import tributary.scheduling.residency.Footprint;
import tributary.scheduling.residency.Shelf;

/** Variants from delta files of one base; the owner of everything that is loaded. */
final class FileDeltaStore implements DeltaStore, AutoCloseable {
  /** The version of a variant that the configuration names; its file is read where it lies. */
  static final String CONFIGURED = "configured";

  /** A loading, and the file behind it; null for the base. */
  private record Loaded(ResidentDelta delta, WarmDeltas.@Nullable Taken file, LoadPhases phases) {}

  private static final Logger LOG = LoggerFactory.getLogger(FileDeltaStore.class);

  private final BaseModel base;
  private final DeltaId baseName;
  private final Map<DeltaId, Path> files;
  private final @Nullable ArtifactStore artifacts;
  private final WarmDeltas warm;
  private final Map<LoadedDelta, Loaded> resident = new ConcurrentHashMap<>();

  /** What content-addressed files take: they never change. */
  private final Map<Path, Footprint> footprints = new ConcurrentHashMap<>();

  /**
   * @param baseName the name that means the base without a difference
   * @param files where the configured variants are
   * @param artifacts where the others are, if there are others; wins over {@code files}
   * @param warmMax bytes of files that are kept open when nothing is loaded from them
   */
  FileDeltaStore(
      BaseModel base,
      DeltaId baseName,
      Map<DeltaId, Path> files,
      @Nullable ArtifactStore artifacts,
      Bytes warmMax) {
    this.base = base;
    this.baseName = baseName;
    this.files = Map.copyOf(files);
    this.artifacts = artifacts;
    this.warm = new WarmDeltas(base, warmMax);
  }

  @Override
  public Described describe(DeltaId id) {
    if (id.equals(baseName)) {
      return new Described(id, CONFIGURED, new Footprint(List.of(Bytes.ZERO)), DeltaTerms.DEFAULT);
    }
    Optional<Registration> registered =
        artifacts == null ? Optional.empty() : artifacts.registration(id);
    if (registered.isPresent() && registered.get().stage() == Registration.Stage.DRAINED) {
      throw new TributaryException(
          ErrorCode.MODEL_NOT_FOUND, "model %s takes no requests any more".formatted(id));
    }
    String version = registered.map(Registration::current).orElse(CONFIGURED);
    Path file = file(id, version);
    Footprint footprint =
        registered.isPresent()
            ? footprints.computeIfAbsent(file, FileDeltaStore::footprint)
            : footprint(file);
    return new Described(
        id, version, footprint, registered.map(Registration::terms).orElse(DeltaTerms.WHOLE));
  }

  @Override
  public LoadedDelta load(Described delta, long number, int width) {
    boolean isBase = delta.id().equals(baseName);
    Loaded opened =
        isBase ? new Loaded(ResidentDelta.none(), null, LoadPhases.NONE) : open(delta, width);
    int vocabulary = isBase ? base.config().vocabularySize() : opened.delta.vocabularySize();
    var loaded =
        new LoadedDelta(
            delta.id(),
            number,
            vocabulary,
            opened.delta.size(),
            delta.version(),
            delta.footprint().widths());
    resident.put(loaded, opened);
    LOG.debug(
        "model {}: version {} loaded at width {} of {}: {}",
        delta.id(),
        delta.version(),
        width,
        loaded.widths(),
        opened.phases);
    return loaded;
  }

  private Loaded open(Described delta, int width) {
    long start = System.nanoTime();
    WarmDeltas.Taken file = warm.take(file(delta.id(), delta.version()));
    try {
      file.delta().read(width);
      long read = System.nanoTime();
      file.delta().verify(width);
      long verified = System.nanoTime();
      ResidentDelta opened = file.delta().load(width);
      file.delta().unpin();
      var phases =
          new LoadPhases(
              new Nanos(read - start),
              new Nanos(verified - read),
              new Nanos(System.nanoTime() - verified));
      return new Loaded(opened, file, phases);
    } catch (RuntimeException | Error e) {
      file.delta().close();
      throw e;
    }
  }

  @Override
  public void raise(LoadedDelta delta, int from, int to) {
    WarmDeltas.Taken file = loaded(delta).file;
    if (file != null) {
      file.delta().read(to);
      file.delta().verify(to);
      resident(delta).prepare(to);
    }
  }

  @Override
  public void serveAt(LoadedDelta delta, int width) {
    resident(delta).setWidth(width);
  }

  @Override
  public int width(LoadedDelta delta) {
    return resident(delta).width();
  }

  @Override
  public LoadPhases phases(LoadedDelta delta) {
    return loaded(delta).phases;
  }

  @Override
  public Shelf.Load shelf() {
    return warm.load();
  }

  @Override
  public void unload(LoadedDelta loaded) {
    unload(loaded, warm::put);
  }

  private void unload(LoadedDelta loaded, Consumer<WarmDeltas.Taken> then) {
    Loaded delta = resident.remove(loaded);
    if (delta != null) {
      delta.delta.close();
      if (delta.file != null) {
        then.accept(delta.file);
      }
      LOG.debug("model {}: {} bytes unloaded", loaded.id(), loaded.size().count());
    }
  }

  /** The weights of a loading that has not been unloaded. */
  ResidentDelta resident(LoadedDelta loaded) {
    return loaded(loaded).delta;
  }

  private Loaded loaded(LoadedDelta loaded) {
    Loaded delta = resident.get(loaded);
    if (delta == null) {
      throw new AssertionError("model %s is computed after its unload".formatted(loaded.id()));
    }
    return delta;
  }

  @Override
  public void close() {
    resident.keySet().forEach(loaded -> unload(loaded, file -> file.delta().close()));
    warm.close();
  }

  private Path file(DeltaId id, String version) {
    if (artifacts != null && !version.equals(CONFIGURED)) {
      return artifacts.file(version);
    }
    Path file = files.get(id);
    if (file == null) {
      throw new TributaryException(
          ErrorCode.MODEL_NOT_FOUND,
          "model %s is neither in this node's configuration nor registered; give all nodes the"
                  .formatted(id)
              + " same models, or register it");
    }
    return file;
  }

  private static Footprint footprint(Path file) {
    return new Footprint(DeltaOutline.sizes(file));
  }
}
