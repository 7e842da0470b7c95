package tributary.actors;

import java.util.Optional;
import tributary.config.ServerConfig;
import tributary.protocol.Bytes;
import tributary.protocol.TraceLine;
import tributary.scheduling.Journal;
import tributary.scheduling.SchedulerLimits;
import tributary.scheduling.SchedulerRules;

/** What a node writes down of its work; owned by the node. */
final class Recording implements AutoCloseable {
  static final Recording NONE = new Recording(Optional.empty(), Optional.empty(), Journal.NONE);

  private final Optional<RecordingFile> trace;
  private final Optional<RecordingFile> steps;
  private final Journal journal;

  private Recording(Optional<RecordingFile> trace, Optional<RecordingFile> steps, Journal journal) {
    this.trace = trace;
    this.steps = steps;
    this.journal = journal;
  }

  /**
   * Begins the files that are wanted.
   *
   * @param journal is told of every call of the scheduler, too
   */
  static Recording open(ServerConfig.Recording settings, Journal journal) {
    Bytes sizeMax = settings.sizeMax();
    Optional<RecordingFile> trace =
        settings.trace().map(file -> RecordingFile.create(file, sizeMax));
    try {
      return new Recording(
          trace, settings.steps().map(file -> RecordingFile.create(file, sizeMax)), journal);
    } catch (RuntimeException | Error e) {
      trace.ifPresent(RecordingFile::close);
      throw e;
    }
  }

  /** The same way for requests, with a note of each if that is wanted. */
  Generation of(Generation generation) {
    return trace
        .<Generation>map(file -> {
          file.add(TraceLine.HEADER);
          return new RecordedTraffic(generation, MonotonicClock.SYSTEM, file::add);
        })
        .orElse(generation);
  }

  Journal journal(SchedulerLimits limits, SchedulerRules rules) {
    return steps
        .<Journal>map(file -> new RecordedSteps(limits, rules, file::add).and(journal))
        .orElse(journal);
  }

  @Override
  public void close() {
    trace.ifPresent(RecordingFile::close);
    steps.ifPresent(RecordingFile::close);
  }
}
