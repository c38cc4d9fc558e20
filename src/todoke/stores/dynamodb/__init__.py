"""One DynamoDB table, and a bucket for large files (docs/store-dynamodb.md)."""
