/** What the command line shows and asks. The one implementation that prints is `render.ts`. */
export interface Screen {
  /** One line of the result, on stdout; nothing under `--json`. */
  line(text: string): void;
  /** The document of `--json`, on stdout. */
  document(value: unknown): void;
  /** One line of progress or of an error, on stderr. */
  progress(text: string): void;
  /** Text as it is, on stdout: the help of the argument parser, a page of HTML. */
  plain(text: string): void;
  /** Asks a person; null when nobody is there to answer. */
  ask(question: string): Promise<string | null>;
}
