declare module 'asl-validator' {
  /** Empty `errors` means that the definition is valid; an error's message may be empty, so print all of it. */
  export default function validate(
    definition: unknown,
    options?: { checkPaths?: boolean; checkArn?: boolean },
  ): { isValid: boolean; errors: unknown[] };
}
