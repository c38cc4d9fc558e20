"""What a change of a CloudFormation stack would do, in words a person can judge, before it is done."""
