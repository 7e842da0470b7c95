package tributary.protocol;

/**
 * Where a sequence's time went on its node, in spans and not moments: the clocks of nodes differ.
 *
 * @param load how long the newest load of the variant took; 0 if there was none
 * @param loadAge how long it was over when the sequence came to the device
 * @param queue from then until the sequence's first step began
 * @param steps from there to the end of its last step
 * @param stepCount steps that computed some of it
 */
public record Timing(Nanos load, Nanos loadAge, Nanos queue, Nanos steps, int stepCount) {}
