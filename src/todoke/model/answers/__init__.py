"""What mail servers answer, as a table of rows: whose fault, why, and who says so. Pure."""
