/**
 * End of support of the Airflow versions of Amazon MWAA, by day (UTC); null while none is announced. After it an
 * environment of the version goes on, but none can be created. From the user guide, page "Apache Airflow versions",
 * read in November 2026.
 */
export const endOfSupport: Readonly<Record<string, string | null>> = {
  '3.3.1': null,
  '3.2.1': null,
  '3.0.6': null,
  '2.11.2': null,
  '2.11.0': null,
  '2.10.3': null,
  '2.10.1': null,
  '2.9.2': null,
  '2.8.1': null,
  '2.7.2': null,
  '2.6.3': '2025-12-30',
  '2.5.1': '2025-12-30',
  '2.4.3': '2025-12-30',
  '2.2.2': '2024-06-27',
  '2.0.2': '2024-04-29',
  '1.10.12': '2024-02-21',
};

/** AWS announces an end of support at least this many days before. */
export const noticeDays = 180;
