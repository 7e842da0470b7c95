package tributary.actors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tributary.model.BaseModel;
import tributary.model.OpenDelta;
import tributary.model.peft.PeftAdapter;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.scheduling.residency.Shelf;

/**
 * Delta files that are open, and verified as far as they have been used, although nothing is loaded
 * from them: the tier between the disk and the device. A {@link Shelf} says which stay.
 *
 * <p>A file that is taken belongs to the taker alone until it is put back.
 */
final class WarmDeltas implements AutoCloseable {
  /** A file as it was found; one that is replaced or rewritten is another. */
  private record State(Path path, @Nullable Object file, long bytes, FileTime modified) {}

  /** A file that is in use. */
  static final class Taken {
    private final State state;
    private final OpenDelta delta;

    private Taken(State state, OpenDelta delta) {
      this.state = state;
      this.delta = delta;
    }

    OpenDelta delta() {
      return delta;
    }
  }

  private final BaseModel base;
  private final Shelf<State> shelf;
  private final Map<State, OpenDelta> open = new HashMap<>();

  WarmDeltas(BaseModel base, Bytes budget) {
    this.base = base;
    shelf = new Shelf<>(budget);
  }

  /**
   * Takes a file from the shelf or opens it. The caller owes {@link #put}, or closes it.
   *
   * @throws TributaryException when it is not there, or no delta of the base
   */
  Taken take(Path path) {
    State state = state(path);
    synchronized (this) {
      if (shelf.take(state)) {
        return new Taken(state, Objects.requireNonNull(open.remove(state)));
      }
    }
    return new Taken(state, OpenDelta.open(path, base));
  }

  /** Gives back a file that nothing is loaded from any more; while it is kept, it is pinned. */
  void put(Taken taken) {
    var closing = new ArrayList<OpenDelta>();
    synchronized (this) {
      if (shelf.holds(taken.state)) {
        closing.add(taken.delta); // It was opened twice at once.
      } else {
        open.put(taken.state, taken.delta);
        for (State leaving : shelf.put(taken.state, taken.delta.size())) {
          closing.add(Objects.requireNonNull(open.remove(leaving)));
        }
      }
    }
    closing.forEach(OpenDelta::close);
    taken.delta.pin();
  }

  synchronized Shelf.Load load() {
    return shelf.load();
  }

  /** Closes what is on the shelf. */
  @Override
  public synchronized void close() {
    for (State state : List.copyOf(open.keySet())) {
      if (shelf.take(state)) {
        Objects.requireNonNull(open.remove(state)).close();
      }
    }
  }

  private static State state(Path path) {
    Path weights = PeftAdapter.isAdapter(path) ? path.resolve(PeftAdapter.WEIGHTS) : path;
    try {
      var found = Files.readAttributes(weights, BasicFileAttributes.class);
      return new State(path, found.fileKey(), found.size(), found.lastModifiedTime());
    } catch (NoSuchFileException e) {
      throw new TributaryException(
          ErrorCode.FILE_NOT_FOUND, "%s does not exist".formatted(path), e);
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNREADABLE, "%s cannot be read: %s".formatted(path, e.getMessage()), e);
    }
  }
}
