package tributary.model;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tributary.model.network.Differences;
import tributary.model.peft.PeftAdapter;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.format.DeltaTensor;

/**
 * A tenant's difference as its file has it: open, its first planes in RAM and verified as far as
 * they were asked for, with or without anything loaded from it.
 *
 * <p>One thread at a time uses it, but a forward pass may run over what is loaded from it.
 */
public final class OpenDelta implements AutoCloseable {
  private final BaseModel base;
  private final Map<String, DeltaTensor> tensors;
  private final @Nullable DeltaFile file;
  private final Runnable release;
  private volatile int read;
  private int verified;
  private @Nullable Runnable unpin;
  private boolean closed;

  private OpenDelta(
      BaseModel base,
      Map<String, DeltaTensor> tensors,
      @Nullable DeltaFile file,
      Runnable release) {
    this.base = base;
    this.tensors = tensors;
    this.file = file;
    this.release = release;
  }

  /**
   * Opens a delta file, or a LoRA adapter's directory, whose base can be checked by shapes only.
   *
   * @throws TributaryException {@code wrong_base}, {@code delta_format}, ...
   */
  public static OpenDelta open(Path path, BaseModel base) {
    if (PeftAdapter.isAdapter(path)) {
      PeftAdapter adapter = PeftAdapter.open(path, base.network(), base.tensors());
      return new OpenDelta(base, adapter.tensors(), null, adapter::close);
    }
    DeltaFile file =
        base.backend().wantsPlanesAtOnce() ? DeltaFile.open(path) : DeltaFile.openFirst(path);
    try {
      requireBase(path, file, base);
      return new OpenDelta(base, file.tensors(), file, file::close);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /** Brings what a width needs into RAM, unless it is there. */
  public void read(int width) {
    if (file != null && width > read) {
      file.read(read, width);
      read = width;
    }
  }

  /**
   * Compares what a width needs with its checksums, unless that has been done.
   *
   * @throws TributaryException {@code delta_checksum}
   */
  public void verify(int width) {
    if (file != null && width > verified) {
      file.verifyChecksums(verified, width);
      file.unfold(verified, width);
      verified = width;
    }
  }

  /**
   * Loads it to be served at a width that has been verified, or a greater one once that has been.
   * The result must be closed before this is.
   */
  public ResidentDelta load(int width) {
    if (file != null && width > verified) {
      throw new IllegalStateException("width " + width + " of a delta has not been verified");
    }
    Differences differences =
        Differences.load(
            base.network(),
            tensors,
            new Differences.Target(base.backend(), base.compiled()),
            width);
    differences.setWidth(width);
    return new ResidentDelta(base, differences);
  }

  /**
   * Lets the device read what is in RAM from where it is, until {@link #unpin} or the end. May run
   * beside a load, which then is as slow as without. What was framed is not in the file's memory
   * and stays as it is.
   */
  public synchronized void pin() {
    if (file != null && read > 0 && unpin == null && !closed) {
      unpin = base.backend().pin(file.bytes(read));
    }
  }

  /** Undoes {@link #pin}. */
  public synchronized void unpin() {
    if (unpin != null) {
      unpin.run();
      unpin = null;
    }
  }

  /** What it takes in RAM when all of it has been read. */
  public Bytes size() {
    return file == null ? DeltaOutline.size(tensors.values(), 1) : file.memory();
  }

  @Override
  public synchronized void close() {
    unpin();
    closed = true;
    release.run();
  }

  static void requireBase(Path path, DeltaFile file, BaseModel base) {
    String wanted = file.manifest().baseFingerprint();
    if (!wanted.equals(base.fingerprint())) {
      throw new TributaryException(
          ErrorCode.WRONG_BASE,
          "%s: the delta of %s was taken from the base with fingerprint %s; this base has %s; serve"
                  .formatted(path, Quoted.of(file.manifest().model()), wanted, base.fingerprint())
              + " it over its own base, or compress it again from this one");
    }
  }
}
