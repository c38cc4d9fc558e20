"""What is known of resource types: which hold data, which others there are, and what of each cannot change in place."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path

HOLDS = {
    "AWS::AmazonMQ::Broker": "the messages of the broker",
    "AWS::Backup::BackupVault": "backups",
    "AWS::Cassandra::Keyspace": "the tables of the keyspace",
    "AWS::Cassandra::Table": "the rows of the table",
    "AWS::CodeCommit::Repository": "source code",
    "AWS::Cognito::IdentityPool": "the identities of users",
    "AWS::Cognito::UserPool": "the accounts of users",
    "AWS::DocDB::DBCluster": "the documents of the database",
    "AWS::DocDB::DBInstance": "a member of a database",
    "AWS::DynamoDB::GlobalTable": "the items of the table, in all its regions",
    "AWS::DynamoDB::Table": "the items of the table",
    "AWS::EC2::Instance": "what is on the machine's disks",
    "AWS::EC2::Volume": "what is on the disk",
    "AWS::ECR::Repository": "container images",
    "AWS::EFS::FileSystem": "files",
    "AWS::ElastiCache::CacheCluster": "what is in the cache",
    "AWS::ElastiCache::ReplicationGroup": "what is in the cache",
    "AWS::ElastiCache::ServerlessCache": "what is in the cache",
    "AWS::Elasticsearch::Domain": "the indexes of the domain",
    "AWS::FSx::FileSystem": "files",
    "AWS::KMS::Key": "the key without which what it encrypted cannot be read",
    "AWS::KMS::ReplicaKey": "the key without which what it encrypted cannot be read",
    "AWS::Kinesis::Stream": "records that were not read yet",
    "AWS::Lightsail::Database": "the database",
    "AWS::Logs::LogGroup": "logs",
    "AWS::MSK::Cluster": "the topics of the cluster",
    "AWS::MemoryDB::Cluster": "the database",
    "AWS::Neptune::DBCluster": "the database",
    "AWS::Neptune::DBInstance": "a member of a database",
    "AWS::OpenSearchServerless::Collection": "the indexes of the collection",
    "AWS::OpenSearchService::Domain": "the indexes of the domain",
    "AWS::QLDB::Ledger": "the ledger",
    "AWS::RDS::DBCluster": "the database",
    "AWS::RDS::DBInstance": "the database",
    "AWS::RDS::GlobalCluster": "the database, in all its regions",
    "AWS::Redshift::Cluster": "the warehouse",
    "AWS::RedshiftServerless::Namespace": "the warehouse",
    "AWS::Route53::HostedZone": "the records of the zone",
    "AWS::S3::Bucket": "objects",
    "AWS::S3Express::DirectoryBucket": "objects",
    "AWS::S3Tables::TableBucket": "tables",
    "AWS::SDB::Domain": "the items of the domain",
    "AWS::SQS::Queue": "messages that were not handled yet",
    "AWS::SSM::Parameter": "a setting or a secret",
    "AWS::SecretsManager::Secret": "a secret",
    "AWS::Timestream::Database": "the tables of the database",
    "AWS::Timestream::Table": "the rows of the table",
}
"""Types that hold data, and what is lost with one."""

SNAPSHOT_BY_DEFAULT = frozenset({"AWS::RDS::DBCluster"})
"""Types whose DeletionPolicy is Snapshot when none is given; an RDS instance outside a cluster is another."""

ENTRANCES = {
    "AWS::ApiGateway::RestApi": "the API has another address",
    "AWS::ApiGatewayV2::Api": "the API has another address",
    "AWS::ApiGateway::DomainName": "the domain points nowhere meanwhile",
    "AWS::ApiGatewayV2::DomainName": "the domain points nowhere meanwhile",
    "AWS::CloudFront::Distribution": "the distribution has another address",
    "AWS::EC2::EIP": "the address is another",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "the load balancer has another address",
    "AWS::Lambda::Url": "the function has another address",
    "AWS::Route53::HostedZone": "the zone has other name servers",
    "AWS::Route53::RecordSet": "the name is not answered meanwhile",
    "AWS::Cognito::UserPoolDomain": "the sign-in page has another address",
    "AWS::SNS::Topic": "those who subscribed by hand are subscribed no more",
}
"""Types that others outside the stack reach by an address, and what another one means."""

_STATELESS = {
    "ApiGateway": "Account ApiKey Authorizer BasePathMapping Deployment DomainName GatewayResponse Method Model"
    " RequestValidator Resource RestApi Stage UsagePlan UsagePlanKey",
    "ApiGatewayV2": "Api ApiMapping Authorizer Deployment DomainName Integration IntegrationResponse Model Route"
    " RouteResponse Stage VpcLink",
    "ApplicationAutoScaling": "ScalableTarget ScalingPolicy",
    "AutoScaling": "AutoScalingGroup LaunchConfiguration LifecycleHook ScalingPolicy ScheduledAction",
    "Budgets": "Budget",
    "CDK": "Metadata",
    "CertificateManager": "Certificate",
    "Chatbot": "MicrosoftTeamsChannelConfiguration SlackChannelConfiguration",
    "CloudFormation": "WaitCondition WaitConditionHandle",
    "CloudFront": "CachePolicy CloudFrontOriginAccessIdentity Distribution Function KeyGroup"
    " MonitoringSubscription OriginAccessControl OriginRequestPolicy PublicKey ResponseHeadersPolicy",
    "CloudWatch": "Alarm AnomalyDetector CompositeAlarm Dashboard MetricStream",
    "CodeBuild": "Project ReportGroup SourceCredential",
    "CodeConnections": "Connection",
    "CodeDeploy": "Application DeploymentConfig DeploymentGroup",
    "CodePipeline": "CustomActionType Pipeline Webhook",
    "CodeStarConnections": "Connection",
    "CodeStarNotifications": "NotificationRule",
    "Cognito": "IdentityPoolRoleAttachment UserPoolClient UserPoolDomain UserPoolGroup UserPoolResourceServer",
    "EC2": "EIP EIPAssociation EgressOnlyInternetGateway FlowLog InternetGateway LaunchTemplate NatGateway"
    " NetworkAcl NetworkAclEntry NetworkInterface Route RouteTable SecurityGroup SecurityGroupEgress"
    " SecurityGroupIngress Subnet SubnetRouteTableAssociation VPC VPCEndpoint VPCGatewayAttachment",
    "ECS": "Cluster Service TaskDefinition",
    "EFS": "AccessPoint MountTarget",
    "ElasticLoadBalancingV2": "Listener ListenerCertificate ListenerRule LoadBalancer TargetGroup",
    "Events": "ApiDestination Connection EventBus EventBusPolicy Rule",
    "IAM": "AccessKey Group GroupPolicy InstanceProfile ManagedPolicy OIDCProvider Policy Role RolePolicy"
    " ServiceLinkedRole User UserPolicy UserToGroupAddition",
    "KMS": "Alias",
    "Lambda": "Alias CodeSigningConfig EventInvokeConfig EventSourceMapping Function LayerVersion"
    " LayerVersionPermission Permission Url Version",
    "Logs": "Destination MetricFilter QueryDefinition ResourcePolicy SubscriptionFilter",
    "Pipes": "Pipe",
    "RDS": "DBClusterParameterGroup DBParameterGroup DBProxy DBProxyTargetGroup DBSubnetGroup OptionGroup",
    "ResourceGroups": "Group",
    "Route53": "HealthCheck RecordSet RecordSetGroup",
    "S3": "AccessPoint BucketPolicy",
    "SES": "ConfigurationSet ConfigurationSetEventDestination EmailIdentity ReceiptFilter ReceiptRule"
    " ReceiptRuleSet Template",
    "SNS": "Subscription Topic TopicInlinePolicy TopicPolicy",
    "SQS": "QueueInlinePolicy QueuePolicy",
    "Scheduler": "Schedule ScheduleGroup",
    "SecretsManager": "ResourcePolicy RotationSchedule SecretTargetAttachment",
    "StepFunctions": "StateMachine StateMachineAlias StateMachineVersion",
    "Synthetics": "Canary",
    "WAFv2": "IPSet LoggingConfiguration RegexPatternSet RuleGroup WebACL WebACLAssociation",
}
STATELESS = frozenset(
    f"AWS::{service}::{name}" for service, names in _STATELESS.items() for name in names.split()
)
"""Types known to hold nothing that their template does not say."""

RENEWED = frozenset(
    {
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGatewayV2::Deployment",
        "AWS::ECS::TaskDefinition",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Version",
        "AWS::StepFunctions::StateMachineVersion",
    }
)
"""Types made to be replaced: each deployment publishes a new one, and something else points to it."""

SOME_INTERRUPTION = {
    "AWS::AmazonMQ::Broker": {"EngineVersion", "HostInstanceType", "SecurityGroups"},
    "AWS::DynamoDB::Table": {"AttributeDefinitions"},
    "AWS::DocDB::DBInstance": {"DBInstanceClass"},
    "AWS::EC2::Instance": {
        "EbsOptimized",
        "InstanceType",
        "KernelId",
        "RamdiskId",
        "UserData",
        "Tenancy",
    },
    "AWS::ElastiCache::CacheCluster": {"CacheNodeType", "EngineVersion", "NumCacheNodes"},
    "AWS::ElastiCache::ReplicationGroup": {"CacheNodeType", "EngineVersion"},
    "AWS::RDS::DBCluster": {"DBClusterParameterGroupName", "EngineVersion", "Port"},
    "AWS::RDS::DBInstance": {
        "CACertificateIdentifier",
        "DBInstanceClass",
        "DBParameterGroupName",
        "EngineVersion",
        "OptionGroupName",
        "PreferredMaintenanceWindow",
    },
    "AWS::Redshift::Cluster": {"ClusterType", "NodeType", "NumberOfNodes"},
}
"""Properties whose update the resource reference calls "Some interruptions"; of few types, read on 25 Nov 2026."""

NAMES = {
    "AWS::ApiGatewayV2::DomainName": "DomainName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Parameter": "Name",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
"""The property by which a type is named by hand."""


def is_stateful(type_: str) -> bool:
    """True for a type that is known to hold data."""
    return type_ in HOLDS


def is_known(type_: str) -> bool:
    """True for a type of which this review knows whether it holds data."""
    return type_ in HOLDS or type_ in STATELESS


def needs_replacement(type_: str, name: str) -> str:
    """`Always`, `Conditionally` or "" (not known to): whether a change of this property makes a new resource."""
    always, sometimes = _schemas().get(type_, ((), ()))
    if name in always:
        return "Always"
    return "Conditionally" if name in sometimes else ""


def changes_in_place(type_: str, name: str) -> bool:
    """True when the type's schema is known, and lets this property change without a new resource."""
    return type_ in _schemas() and not needs_replacement(type_, name)


@functools.cache
def _schemas() -> Mapping[str, tuple[frozenset[str], frozenset[str]]]:
    path = Path(__file__).with_name("create_only.json")
    types = json.loads(path.read_text("utf-8"))["types"]
    return {key: (frozenset(a), frozenset(b)) for key, (a, b) in types.items()}
