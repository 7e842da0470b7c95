package tributary.simulation.trace;

/** Reads the lines of one format. */
interface RowParser {
  RawRow parse(String line) throws RowFault;
}
