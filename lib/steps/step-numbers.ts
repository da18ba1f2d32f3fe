/** Number of a state in the run ids of its helper DAG; never reused for another state. */
export const stepNumbers: Readonly<Record<string, number>> = {
  'Export the snapshot': 1,
  'Import the snapshot': 2,
  'Import the rest': 3,
  'Promote the site': 4,
  'Import the history': 5,
};
