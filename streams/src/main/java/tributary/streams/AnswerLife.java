package tributary.streams;

/**
 * One answer among those of its server and its connection, which may both end it.
 *
 * @param whenOver runs when it is over, whoever ended it
 */
record AnswerLife(OpenAnswers open, ConnectionWatch connection, Runnable whenOver) {
  /**
   * The answer runs.
   *
   * @param cut ends it with the reason, as the server's time is up
   * @param leave ends it without a word, as the client has gone
   */
  void begin(Runnable cut, Runnable leave) {
    open.begin(cut);
    connection.begin(leave);
  }

  /** The same two. */
  void end(Runnable cut, Runnable leave) {
    connection.end(leave);
    open.leave(cut);
    whenOver.run();
  }
}
