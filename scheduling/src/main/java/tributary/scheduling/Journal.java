package tributary.scheduling;

/** Is told of every call of a scheduler, in their order, by the scheduler's thread. */
@FunctionalInterface
public interface Journal {
  /** Keeps nothing. */
  Journal NONE = _ -> {};

  void note(SchedulerEvent event);

  /** Both are told, this one first. */
  default Journal and(Journal other) {
    return event -> {
      note(event);
      other.note(event);
    };
  }
}
